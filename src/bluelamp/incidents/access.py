"""Named permissions of incidents and the roles that hold them."""

from __future__ import annotations

from bluelamp.spine.policy import Permission

INCIDENTS_VIEW = "incidents.incidents.view"
INCIDENTS_OPEN = "incidents.incidents.open"
INCIDENTS_CONTRIBUTE = "incidents.incidents.contribute"
INCIDENTS_COMMAND = "incidents.incidents.command"
INCIDENTS_EXPORT = "incidents.incidents.export"
INCIDENTS_STATISTICS = "incidents.incidents.statistics"
RESOURCES_VIEW = "incidents.resources.view"
RESOURCES_MANAGE = "incidents.resources.manage"
RESOURCES_DISPATCH = "incidents.resources.dispatch"
TERMS_MANAGE = "incidents.terms.manage"
PARTNERS_VIEW = "incidents.partners.view"
PARTNERS_MANAGE = "incidents.partners.manage"
HANDOVERS_VIEW = "incidents.handovers.view"
HANDOVERS_MEND = "incidents.handovers.mend"
EMERGENCIES_RAISE = "incidents.emergencies.raise"
EMERGENCIES_ANSWER = "incidents.emergencies.answer"
TAK_DEVICES_ENROL = "incidents.tak_devices.enrol"
TAK_DEVICES_MANAGE = "incidents.tak_devices.manage"

RESPONDING = frozenset({"officer", "control", "supervisor", "responder", "dispatcher"})
CONTROL_ROOM = frozenset({"control", "supervisor", "dispatcher"})

PERMISSIONS = (
    Permission(INCIDENTS_VIEW, "see the incidents that your agency answers, as far as it is shared with your role", RESPONDING),
    Permission(INCIDENTS_OPEN, "open an incident", RESPONDING),
    Permission(INCIDENTS_CONTRIBUTE, "report on an incident: log, casualties, drawings, pictures, chat", RESPONDING),
    Permission(INCIDENTS_COMMAND, "run an incident of your agency: grade, share, pass the lead, merge, close", CONTROL_ROOM),
    Permission(INCIDENTS_EXPORT, "take a whole incident out of the platform as a signed package", CONTROL_ROOM),
    Permission(INCIDENTS_STATISTICS, "see how long things took, over the incidents of your agency", CONTROL_ROOM),
    Permission(RESOURCES_VIEW, "see the resources of your agency and those on its incidents", RESPONDING),
    Permission(RESOURCES_MANAGE, "add and change the resources of your agency and who crews them", CONTROL_ROOM | {"admin"}),
    Permission(RESOURCES_DISPATCH, "send resources of your agency to an incident and release them", CONTROL_ROOM),
    Permission(TERMS_MANAGE, "set your agency's own words for types, grades and status codes", frozenset({"admin"})),
    Permission(TAK_DEVICES_ENROL, "connect TAK devices of your own, see them and end them", RESPONDING),
    Permission(TAK_DEVICES_MANAGE, "see and end the TAK devices of your agency", CONTROL_ROOM),
    Permission(PARTNERS_VIEW, "see the control rooms that your agency hands incidents over to", CONTROL_ROOM | {"admin"}),
    Permission(PARTNERS_MANAGE, "connect other control rooms: addresses, formats, keys", frozenset({"admin"})),
    Permission(HANDOVERS_VIEW, "see the messages to and from other control rooms, and what became of them", CONTROL_ROOM),
    Permission(HANDOVERS_MEND, "send a message to another control room again, read one again, or drop it", CONTROL_ROOM),
    Permission(EMERGENCIES_RAISE, "call for help with the emergency button", RESPONDING),
    Permission(EMERGENCIES_ANSWER, "acknowledge and close emergencies", CONTROL_ROOM),
)
