// How a plate is written for people and what a person may type for one.

const SHAPES: [RegExp, string][] = [
  [/^([A-Z]{2}\d{2})([A-Z]{3})$/, '$1 $2'],
  [/^([A-Z]\d{1,3})([A-Z]{3})$/, '$1 $2'],
  [/^([A-Z]{3})(\d{1,3}[A-Z])$/, '$1 $2'],
  [/^([A-Z]{1,3})(\d{1,4})$/, '$1 $2'],
  [/^(\d{1,4})([A-Z]{1,3})$/, '$1 $2'],
  [/^(\d{3})([DX])(\d{3})$/, '$1 $2 $3'],
];

/** The spacing that the plate itself would carry; unknown shapes stay as they are. */
export function formatVrm(vrm: string): string {
  for (const [shape, spaced] of SHAPES) if (shape.test(vrm)) return vrm.replace(shape, spaced);
  return vrm;
}

/** Upper case without spaces and dashes, as the platform keeps a VRM; wildcards survive. */
export function cleanVrm(typed: string): string {
  return typed.toUpperCase().replace(/[\s.\-_·]+/g, '');
}

/** The plates in what a person pasted: one per line, or separated by commas, semicolons or tabs. */
export function splitPlates(typed: string): string[] {
  const plates = typed.split(/[\n,;\t]+/).map(cleanVrm).filter(Boolean);
  return [...new Set(plates)];
}
