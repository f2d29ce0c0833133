// Camera health in words and colour.
export function statusWords(status: string | null | undefined): { words: string; tag: string } {
  switch (status) {
    case 'ok': case 'up': case 'live': case 'healthy': return { words: 'Working', tag: 'bl-tag--good' };
    case 'down': case 'silent': case 'lost': return { words: 'Down', tag: 'bl-tag--high' };
    case undefined: case null: case '': case 'unknown': case 'never': case 'new': return { words: 'Not seen yet', tag: '' };
    default: return { words: status.replaceAll('_', ' '), tag: 'bl-tag--medium' };
  }
}
