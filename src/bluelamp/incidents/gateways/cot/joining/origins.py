"""Which client said what, so that nobody is told again what they said; and the names that incidents and drawings have among devices."""

from __future__ import annotations

from collections import OrderedDict

from bluelamp.incidents.gateways.cot.fanout.client import Client
from bluelamp.incidents.gateways.cot.missions.names import incident_of

REMEMBERED_MAX = 20_000


class Origins:
    """One per process."""

    def __init__(self) -> None:
        self._senders: OrderedDict[str, Client] = OrderedDict()
        self._features: OrderedDict[str, str] = OrderedDict()
        self.alerts: OrderedDict[str, str] = OrderedDict()
        """An emergency that a device raised -> the uid of its alert there."""
        self.numbers: dict[str, str] = {}
        """An incident's number, which is the name of its chat room -> its id."""

    def incident_of(self, mission: str) -> str:
        """The incident that a mission's name or guid means; empty: none that is open."""
        return self.numbers.get(mission, "") or incident_of(mission)

    def number_of(self, incident: str) -> str:
        return next((number for number, known in self.numbers.items() if known == incident), incident)

    def say(self, event: str, client: Client) -> None:
        """An event of the log, by its id, comes from this client."""
        self._senders[event] = client
        while len(self._senders) > REMEMBERED_MAX:
            self._senders.popitem(last=False)

    def sender(self, event: str) -> Client | None:
        """Not forgotten by asking: an event is told again where the records did not answer."""
        return self._senders.get(event)

    def forget(self, event: str) -> None:
        self._senders.pop(event, None)

    def call(self, feature: str, uid: str) -> None:
        """A drawing of the log has this uid among devices."""
        self._features[feature] = uid
        self._features.move_to_end(feature)
        while len(self._features) > REMEMBERED_MAX:
            self._features.popitem(last=False)

    def alert(self, emergency: str, uid: str) -> None:
        """A device raised this emergency."""
        self.alerts[emergency] = uid
        while len(self.alerts) > REMEMBERED_MAX:
            self.alerts.popitem(last=False)

    def uid_of_feature(self, feature: str) -> str:
        return self._features.get(feature, "")
