"""A score with its mix: which voices sound, on which channels, and what is said to the synthesizer before they do.

Everything goes as MIDI into FluidSynth, so that mix and stems have the same sound and take the same time as without
one. Gain is SoundFont's NRPN for attenuation, in tenths of a dB (CC7 has steps of up to 6 dB); a gain above 0 dB
attenuates all other voices, and the synthesizer's own gain makes up for it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from composer.formats.midi.events import control_change, program_change
from composer.formats.midi.scan import CONTROL, NOTE_OFF, NOTE_ON, PROGRAM, SYSEX, RawEvent
from composer.formats.mix import TrackMix
from composer.music.notes import CC_BANK, CC_BANK_LOW, CC_PAN
from composer.render.presets import DRUM_BANK, Presets
from composer.render.score import CHANNELS, Event, Score, Voice

DRUM_CHANNEL = 9
CC_REVERB, CC_CHORUS, CC_RESET = 91, 93, 121
CC_DATA, CC_DATA_LOW, CC_NRPN_LOW, CC_NRPN = 6, 38, 98, 99
SF2_NRPN, NO_NRPN, NRPN_ZERO = 120, 127, 8192
CHORUS_SEND, REVERB_SEND, PAN, ATTENUATION = 15, 16, 17, 48
PAN_MIDDLE, PAN_MOST = 64, 127
# CC10 leaves half of an instrument that is sampled in stereo in the middle: the last fifth of the way moves it too.
PAN_NARROWS_FROM = 0.8
PAN_SIDE = 520  # in tenths of a percent: from the middle to a side are 500, of which CC10 goes 492 to the right
SEND_FULL = 1000  # in tenths of a percent


@dataclass(frozen=True, slots=True)
class Strip:
    """A voice that sounds, and how."""

    voice: Voice
    mix: TrackMix


class MixedScore:
    """``score`` as its ``strips`` have it: a Playable whose voices are those that sound."""

    def __init__(self, score: Score, strips: tuple[Strip, ...], presets: Presets) -> None:
        self._score = score
        self._strips = {strip.voice.number: replace(strip.mix, mute=None, solo=None) for strip in strips}
        self._presets = presets
        self.voices = tuple(strip.voice for strip in strips)
        # What all voices lose, so that the loudest of them loses nothing.
        self.headroom_db = max(0.0, *(strip.mix.gain_db or 0.0 for strip in strips))

    @property
    def seconds(self) -> float:
        return self._score.seconds

    @cached_property
    def plays_at_once(self) -> bool:
        """Whether the sixteen channels are enough for all voices together; each alone always fits."""
        return self._routes is not None

    def midi_bytes(self, voice: Voice | None = None) -> bytes:
        """See Playable; all voices together only if that ``plays_at_once``."""
        routes: Mapping[int, Mapping[int, int]]
        if voice is not None:
            routes = {voice.number: {channel: channel for channel in self._channels[voice.number]}}
        else:
            assert self._routes is not None
            routes = self._routes
        return self._score.closed(list(self._played(routes)))

    @cached_property
    def missing(self) -> tuple[tuple[Voice, int, int], ...]:
        """The voices whose mix names a (bank, program) that the font does not have."""
        found = []
        for voice in self.voices if self._presets else ():
            mix = self._strips[voice.number]
            is_drums = DRUM_CHANNEL in self._channels[voice.number]
            bank = DRUM_BANK if is_drums else mix.bank or 0
            if mix.program is not None and not self._presets.has(bank, mix.program):
                found.append((voice, bank, mix.program))
        return tuple(found)

    @cached_property
    def _channels(self) -> Mapping[int, tuple[int, ...]]:
        """Voice -> the channels that it plays on."""
        found: dict[int, set[int]] = defaultdict(set)
        for event in self._score.events:
            if event.voice is not None and event.raw.is_note_on:
                found[event.voice].add(event.raw.status & 0x0F)
        return {number: tuple(sorted(channels)) for number, channels in found.items()}

    @cached_property
    def _routes(self) -> Mapping[int, Mapping[int, int]] | None:
        """Voice -> channel -> where it is played: voices that share a channel and sound differently come apart."""
        free = sorted({*range(CHANNELS)} - {c for v in self.voices for c in self._channels[v.number]} - {DRUM_CHANNEL})
        routes: dict[int, dict[int, int]] = defaultdict(dict)
        places: dict[tuple[int, TrackMix], int] = {}
        taken: set[int] = set()
        for voice in self.voices:
            for channel in self._channels[voice.number]:
                sound = channel, self._strips[voice.number]
                if sound not in places:
                    if channel in taken and (channel == DRUM_CHANNEL or not free):
                        return None
                    places[sound] = free.pop(0) if channel in taken else channel
                    taken.add(channel)
                routes[voice.number][channel] = places[sound]
        return routes

    def _played(self, routes: Mapping[int, Mapping[int, int]]) -> Iterator[RawEvent]:
        """The events of the routed voices, at each start and after each reset with what their strips say."""
        desks = {
            target: _Desk(target, self._strips[number], self.headroom_db, self._presets)
            for number, route in routes.items()
            for target in route.values()
        }
        targets: dict[int, list[int]] = defaultdict(list)
        for route in routes.values():
            for channel, target in route.items():
                targets[channel] += [target] if target not in targets[channel] else []
        for desk in desks.values():
            yield from desk.start()
        for event in self._score.events:
            raw = event.raw
            if raw.status >= SYSEX:
                yield raw
                if raw.status == SYSEX:
                    for desk in desks.values():
                        yield from desk.settings(raw.tick)
            elif _is_note(event):
                place = routes.get(event.voice or 0, {}).get(raw.status & 0x0F)
                if place is not None:
                    yield _on(raw, place)
            else:
                for target in targets.get(raw.status & 0x0F, ()):
                    yield from desks[target].taken(_on(raw, target))


class _Desk:
    """One channel of the synthesizer: what it is told of its own, and what of the file's it hears."""

    def __init__(self, channel: int, mix: TrackMix, headroom_db: float, presets: Presets) -> None:
        self._channel = channel
        self._mix = mix
        self._lost_db = headroom_db - (mix.gain_db or 0.0)
        self._presets = presets
        self._program = mix.program or 0
        self._bank = mix.bank or 0
        pairs = ((mix.pan, CC_PAN), (mix.reverb, CC_REVERB), (mix.chorus, CC_CHORUS))
        self._ours = {control for value, control in pairs if value is not None}
        if mix.program is not None or mix.bank is not None:
            self._ours |= {CC_BANK, CC_BANK_LOW}

    def start(self) -> Iterator[RawEvent]:
        """What comes before everything else."""
        if self._mix.program is not None or self._mix.bank is not None:
            yield self._control(0, CC_BANK, self._bank)
            yield program_change(0, self._channel, self._program)
        yield from self.settings(0)

    def taken(self, raw: RawEvent) -> Iterator[RawEvent]:
        """An event of the file for this channel, or nothing where the mix has the word."""
        kind = raw.status & 0xF0
        if kind == PROGRAM:
            if self._mix.program is not None:
                return
            self._program = raw.data[0]
        elif kind == CONTROL and raw.data[0] in self._ours:
            return
        elif kind == CONTROL and raw.data[0] == CC_BANK:
            self._bank = raw.data[1]
        yield raw
        is_reset = kind == CONTROL and raw.data[0] == CC_RESET
        if is_reset or (kind == PROGRAM and (self._mix.reverb is not None or self._mix.chorus is not None)):
            yield from self.settings(raw.tick)

    def settings(self, tick: int) -> Iterator[RawEvent]:
        """The fader, the place and the sends."""
        mix, values = self._mix, []
        if self._lost_db > 0:
            values.append((ATTENUATION, round(10 * self._lost_db)))
        if mix.pan is not None:
            yield self._control(tick, CC_PAN, min(PAN_MOST, round(PAN_MIDDLE + PAN_MIDDLE * mix.pan)))
            beyond = max(0.0, abs(mix.pan) - PAN_NARROWS_FROM) / (1 - PAN_NARROWS_FROM)
            values.append((PAN, round(PAN_SIDE * beyond) * (1 if mix.pan > 0 else -1)))
        if mix.reverb is not None or mix.chorus is not None:
            own = self._presets.sends(DRUM_BANK if self._channel == DRUM_CHANNEL else self._bank, self._program)
            for wanted, control, generator, of_font in (
                (mix.reverb, CC_REVERB, REVERB_SEND, own.reverb),
                (mix.chorus, CC_CHORUS, CHORUS_SEND, own.chorus),
            ):
                if wanted is not None:
                    yield self._control(tick, control, 0)
                    # Nothing at all is nothing for every zone of the instrument, whatever most of them send.
                    values.append((generator, round(SEND_FULL * wanted) - (of_font if wanted else SEND_FULL)))
        for generator, value in values:
            if value:
                yield from self._generator(tick, generator, value)

    def _generator(self, tick: int, number: int, value: int) -> Iterator[RawEvent]:
        """An NRPN of SoundFont 2.01, section 9.6; afterwards none is selected."""
        coarse, fine = divmod(value + NRPN_ZERO, 128)
        yield self._control(tick, CC_NRPN, SF2_NRPN)
        yield self._control(tick, CC_NRPN_LOW, number)
        yield self._control(tick, CC_DATA_LOW, fine)
        yield self._control(tick, CC_DATA, coarse)
        yield self._control(tick, CC_NRPN_LOW, NO_NRPN)
        yield self._control(tick, CC_NRPN, NO_NRPN)

    def _control(self, tick: int, number: int, value: int) -> RawEvent:
        return control_change(tick, self._channel, number, value)


def _is_note(event: Event) -> bool:
    return event.raw.status & 0xF0 in (NOTE_ON, NOTE_OFF)


def _on(raw: RawEvent, channel: int) -> RawEvent:
    return raw._replace(status=raw.status & 0xF0 | channel)
