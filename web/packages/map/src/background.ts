// What lies under our own layers: the installation's map where it has one, otherwise the coast and towns that the platform ships.
import type { LayerSpecification, StyleSpecification } from 'maplibre-gl';
import { baseStyle, type Theme } from './style';

/** A line that is there and says nothing must not keep the map away. */
const ASKED_MS = 4_000;
const FILES = '/v1/map/files/';
const asked = new Map<Theme, Promise<StyleSpecification>>();

/** Asked for once a page. Whatever is wrong with the installation's map, there is one to draw on. */
export function background(theme: Theme): Promise<StyleSpecification> {
  let answer = asked.get(theme);
  if (!answer) {
    answer = ask(theme);
    asked.set(theme, answer);
  }
  return answer;
}

async function ask(theme: Theme): Promise<StyleSpecification> {
  const coast = baseStyle(theme);
  try {
    const answer = await fetch(`/v1/map/style?dark=${theme === 'dark'}`, { credentials: 'same-origin', signal: AbortSignal.timeout(ASKED_MS) });
    if (answer.status === 204) return coast;
    if (!answer.ok) throw new Error((await answer.json() as { detail?: string }).detail ?? String(answer.status));
    return composed(coast, await answer.json() as StyleSpecification);
  } catch (error) {
    asked.delete(theme); // another map may have more luck: the line was away, or somebody has just mended it
    console.warn(`the installation's map is not shown: ${error instanceof Error ? error.message : String(error)}`);
    return coast;
  }
}

/** The installation's style with whole addresses, alone or over our coast. Text needs no glyphs: it is drawn with the reader's fonts. */
function composed(coast: StyleSpecification, own: StyleSpecification): StyleSpecification {
  const style: StyleSpecification = { ...own, sources: Object.fromEntries(Object.entries(own.sources).map(([id, source]) => [id, placed(source)])) };
  delete style.glyphs;
  const { sprite } = own;
  if (sprite) style.sprite = typeof sprite === 'string' ? whole(sprite) : sprite.map((one) => ({ ...one, url: whole(one.url) }));
  if ((own.metadata as Record<string, unknown> | undefined)?.['bluelamp:over'] !== 'coast') return style;
  return { ...style, sources: { ...coast.sources, ...style.sources }, layers: [...coast.layers, ...style.layers] as LayerSpecification[] };
}

function placed(source: StyleSpecification['sources'][string]): StyleSpecification['sources'][string] {
  const found = { ...source } as { url?: string; data?: unknown; tiles?: string[] };
  if (found.url) found.url = whole(found.url);
  if (typeof found.data === 'string') found.data = whole(found.data);
  if (found.tiles) found.tiles = found.tiles.map(whole);
  return found as StyleSpecification['sources'][string];
}

/** `roads.pmtiles` and `pmtiles://roads.pmtiles` as addresses of this place; `{z}` and the like stay as they are. */
function whole(address: string): string {
  if (address.startsWith('pmtiles://')) return `pmtiles://${whole(address.slice(10))}`;
  if (/^[a-z]+:/.test(address)) return address;
  return location.origin + (address.startsWith('/') ? address : FILES + address);
}
