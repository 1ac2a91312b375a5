"""Rules decide: dated, cited policy files and the pure engine that applies them. Knows nothing but itself.

`decide(load_policies(), Case.from_json(facts)) -> Verdict` is all a caller needs.
"""

from assistant.policy.clock import MissingHolidayYear
from assistant.policy.decide import decide, protect_all
from assistant.policy.facts import Case, FactRefused
from assistant.policy.load import PolicyFolderMissing, PolicyRefused, load_policies
from assistant.policy.model import Policy
from assistant.policy.rules import Policies
from assistant.policy.verdict import Alternative, Reason, Verdict

__all__ = [
    "Alternative",
    "Case",
    "FactRefused",
    "MissingHolidayYear",
    "Policies",
    "Policy",
    "PolicyFolderMissing",
    "PolicyRefused",
    "Reason",
    "Verdict",
    "decide",
    "load_policies",
    "protect_all",
]
