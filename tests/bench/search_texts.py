"""Texts to search in: Russian and English words in their forms, drawn as often as words of languages are."""

from bisect import bisect
from itertools import accumulate
from random import Random
from typing import Final

from attrs import frozen

_RUSSIAN: Final = "и в не на что я с он а как это по но они к у мы за так от да же ты о из все бы вот надо уже"
_ENGLISH: Final = "the to and of in is it for that on we you not with this are be at as will have from can"
_NOUN: Final = ("а", "ы", "е", "у", "ой", "ами", "ах")
_MASCULINE: Final = ("", "а", "у", "ом", "е", "ы", "ов", "ами", "ах")
_ADJECTIVE: Final = ("ый", "ого", "ому", "ым", "ая", "ую", "ые", "ых")
_VERB: Final = ("ать", "аю", "ает", "ают", "ал", "ала", "али")
_PARTS: Final = (
    "ба бе ва ве во га го да де до жи за зо ка ки ко ла ле ло ма ме ми мо на не но пе по ра ре ри ро са се си со "
    "та те то хо че ши"
)
_ENDS: Final = "д л м н р т в к з п ск ст рд нт"
_SYLLABLES: Final = (
    "ba be bo ca co da de di fa fo ga go ha he ja ka ke la le lo ma me mo na no pa pe po ra re ri ro sa se so ta "
    "te to va"
)
_CLOSES: Final = "ck ct d l m n nd r rt sh t st ve"
_LEMMAS: Final = 12_000
"""Of each language."""
_LINKS: Final = 0.03


@frozen
class Language:
    """Words in all their forms; the first ones are met most."""

    lemmas: tuple[tuple[str, ...], ...]
    bounds: tuple[float, ...]

    def word(self, random: Random) -> str:
        """As often as Zipf's law has it."""
        return random.choice(self.lemmas[self._drawn(random)])

    def rare_word(self, random: Random) -> str:
        """One that is met once in tens of thousands of words."""
        return random.choice(self.lemmas[random.randrange(_LEMMAS // 10, _LEMMAS)])

    def common_word(self, random: Random) -> str:
        """One of the hundred that are met most."""
        return random.choice(self.lemmas[random.randrange(100)])

    def _drawn(self, random: Random) -> int:
        return min(bisect(self.bounds, random.random() * self.bounds[-1]), len(self.lemmas) - 1)


@frozen
class Texts:
    """Both languages."""

    russian: Language
    english: Language

    def language(self, random: Random) -> Language:
        """Two of three are Russian."""
        return self.russian if random.random() < 0.67 else self.english

    def text(self, random: Random) -> str:
        """A message: mostly short, some of a paragraph."""
        language = self.language(random)
        words = [language.word(random) for _ in range(min(1 + int(random.expovariate(1 / 9)), 120))]
        if random.random() < _LINKS:
            words.append(f"https://example.org/{random.randrange(10**6)}")
        return " ".join(words)


def make_texts(seed: int) -> Texts:
    """The same for the same seed."""
    random = Random(seed)
    russian = [(word,) for word in _RUSSIAN.split()] + _forms(
        random, _PARTS, _ENDS, (_NOUN, _MASCULINE, _ADJECTIVE, _VERB)
    )
    english = [(word,) for word in _ENGLISH.split()] + _forms(
        random, _SYLLABLES, _CLOSES, (("", "s"), ("", "s", "ed", "ing"), ("", "er", "ly"))
    )
    return Texts(_language(russian), _language(english))


def _language(lemmas: list[tuple[str, ...]]) -> Language:
    return Language(tuple(lemmas), tuple(accumulate(1 / (rank + 3) for rank in range(len(lemmas)))))


def _forms(random: Random, parts: str, ends: str, endings: tuple[tuple[str, ...], ...]) -> list[tuple[str, ...]]:
    stems: dict[str, None] = {}
    syllables, closes = parts.split(), ends.split()
    while len(stems) < _LEMMAS:
        stems["".join(random.choices(syllables, k=random.choice((1, 1, 2, 2, 2, 3)))) + random.choice(closes)] = None
    return [tuple(stem + ending for ending in random.choice(endings)) for stem in stems]
