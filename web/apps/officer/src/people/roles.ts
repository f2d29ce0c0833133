// What somebody is to an incident.
export const ROLES = [
  ['witness', 'Witness'], ['casualty', 'Casualty'], ['suspect', 'Suspect'], ['missing', 'Missing'], ['informant', 'Told us'], ['other', 'Other'],
] as const;

export const personRole = (role: string): string => ROLES.find(([key]) => key === role)?.[1] ?? role;
