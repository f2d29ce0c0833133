// The roles that an administrator may give, with what they are for.
export const ROLES = [
  ['officer', 'Officer: search, see hits'],
  ['analyst', 'Analyst: patterns, bulk, saved searches, export'],
  ['control', 'Control room: take and close hits, mute, hand over'],
  ['supervisor', 'Supervisor: manage lists, see the audit of the agency'],
  ['auditor', 'Auditor: see all audit'],
  ['admin', 'Administrator: users, sources, cameras, rejects'],
  ['national_admin', 'National administrator: the same for every agency'],
  ['responder', 'Responder (fire, ambulance and others, in the field): incidents'],
  ['dispatcher', 'Dispatcher (their control room): run incidents, send resources, answer emergencies'],
  ['supplier', 'Supplier: own account only'],
] as const;
