"""The loop of ``composer watch``: saves, the steps that are due after them, a preview that plays."""
