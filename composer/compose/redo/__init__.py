"""Some bars of a piece composed anew, between what stands before and after them."""
