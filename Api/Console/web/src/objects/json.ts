/** A piece of a JSON text, for its colours. */
export interface Token {
  kind: 'key' | 'string' | 'number' | 'word' | 'mark' | 'space' | 'bad';
  text: string;
}

/** A JSON text as it stands, right or wrong. */
export interface Scan {
  /** Tokens of each line; none goes over the end of one. */
  lines: Token[][];
  /** Line, from 1, of each value by its path: routing.parameters.alpha, models[1].weight. */
  places: Map<string, number>;
}

const Pattern = /"(?:[^"\\\n]|\\.)*"?|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null|[{}[\],:]|\s+|[^\s{}[\],:"]+/g;

interface Level {
  path: string;
  index: number;
  isList: boolean;
  key: string;
}

/** Takes a text apart and finds where each value is; what is no JSON is a bad token, and the rest is read on. */
export function scan(text: string): Scan {
  const places = new Map<string, number>();
  const levels: Level[] = [];
  const pieces = text.match(Pattern) ?? [];
  const lines: Token[][] = [[]];
  const here = () => {
    const top = levels.at(-1);
    if (!top) return '';
    return top.isList ? `${top.path}[${top.index}]` : top.path ? `${top.path}.${top.key}` : top.key;
  };
  const put = (kind: Token['kind'], piece: string) => {
    const parts = piece.split('\n');
    parts.forEach((part, i) => {
      if (i > 0) lines.push([]);
      if (part) lines.at(-1)!.push({ kind, text: part });
    });
  };
  pieces.forEach((piece, i) => {
    const top = levels.at(-1);
    const isKey = piece[0] === '"' && top?.isList === false && /^\s*:/.test(pieces[i + 1] === undefined ? '' : pieces.slice(i + 1, i + 3).join(''));
    if (isKey) {
      top!.key = unquote(piece);
      places.set(here(), lines.length);
      return put('key', piece);
    }
    if (/^\s/.test(piece)) return put('space', piece);
    if (piece === ',') {
      if (top?.isList) top.index++;
      return put('mark', piece);
    }
    if (piece === ':') return put('mark', piece);
    if (piece === '}' || piece === ']') {
      levels.pop();
      return put('mark', piece);
    }
    if (!places.has(here())) places.set(here(), lines.length);
    if (piece === '{' || piece === '[') {
      levels.push({ path: here(), index: 0, isList: piece === '[', key: '' });
      return put('mark', piece);
    }
    put(piece[0] === '"' ? (piece.length > 1 && piece.endsWith('"') ? 'string' : 'bad') : /^[-\d]/.test(piece) ? 'number' : /^(true|false|null)$/.test(piece) ? 'word' : 'bad', piece);
  });
  return { lines, places };
}

function unquote(piece: string): string {
  try {
    return JSON.parse(piece) as string;
  } catch {
    return piece.slice(1, -1);
  }
}

// The last part of a path. The server writes a name that is no plain word in brackets and quotes: labels['nvidia.com/gpu.count'].
const Last = /(\.[^.[\]]*|\[\d+\]|\['(?:(?!'\]).)*'\]|^[^.[\]]+)$/;
const Quoted = /\['((?:(?!'\]).)*)'\]/g;

/** Line of a field, or of what it belongs to when it is not written; undefined for none of both. */
export function lineOf(places: Map<string, number>, field: string): number | undefined {
  for (let path = field; path !== ''; ) {
    const line = places.get(path.replace(Quoted, '.$1').replace(/^\./, ''));
    if (line !== undefined) return line;
    const outer = path.replace(Last, '');
    if (outer === path) break;
    path = outer;
  }
  return undefined;
}
