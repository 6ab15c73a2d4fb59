"""What became of one try to hand something over: five classes, the same for every way out."""

from __future__ import annotations

from enum import StrEnum


class Outcome(StrEnum):
    """The class of one answer, or of its absence. What follows from it is decided from the class alone."""

    #: the other side took responsibility; final
    ACCEPTED = "accepted"
    #: the other side refused this one message for good; final
    REJECTED = "rejected"
    #: it surely did not arrive: trying again later is harmless
    NOT_ACCEPTED = "not_accepted"
    #: it may or may not have arrived: never tried again blindly
    UNCERTAIN = "uncertain"
    #: nothing will get through until a person repairs a setting: the way out is paused, no message is used up
    CONFIGURATION = "configuration"
