import type { ComponentChildren } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { num } from '../core/format';

export interface Column<T> {
  key: string;
  title: string;
  cell: (row: T) => ComponentChildren;
  /** What to sort by; a column without cannot be sorted. */
  sort?: (row: T) => string | number | null | undefined;
  /** Share of the width, as in grid-template-columns. */
  width: string;
  right?: boolean;
  /** Left out on a narrow screen. */
  wide?: boolean;
}

const RowPx = 34;
const Spare = 8;
const narrow = matchMedia('(max-width: 720px)');

/** A table of any length: only the rows that are seen are made. */
export function VirtualTable<T>(props: { label: string; rows: T[]; columns: Column<T>[]; id: (row: T) => string; height?: number; by?: string; down?: boolean; empty?: string }) {
  const [isNarrow, setNarrow] = useState(narrow.matches);
  const [top, setTop] = useState(0);
  const [order, setOrder] = useState<{ key: string; down: boolean }>({ key: props.by ?? props.columns[0]!.key, down: props.down ?? false });
  const frame = useRef(0);
  useEffect(() => {
    const change = () => setNarrow(narrow.matches);
    narrow.addEventListener('change', change);
    return () => narrow.removeEventListener('change', change);
  }, []);
  const columns = props.columns.filter((c) => !(c.wide && isNarrow));
  const rows = useMemo(() => {
    const by = props.columns.find((c) => c.key === order.key)?.sort;
    if (!by) return props.rows;
    const sign = order.down ? -1 : 1;
    return props.rows.map((row) => [by(row), row] as const).sort(([a], [b]) => (a === b ? 0 : a == null ? 1 : b == null ? -1 : a < b ? -sign : sign)).map(([, row]) => row);
  }, [props.rows, order]);

  const height = Math.min(props.height ?? 560, (rows.length + 1) * RowPx + 2);
  const first = Math.max(0, Math.min(Math.floor(top / RowPx) - Spare, rows.length));
  const shown = rows.slice(first, first + Math.ceil(height / RowPx) + 2 * Spare);
  const template = { gridTemplateColumns: columns.map((c) => c.width).join(' ') };
  const onScroll = (e: Event) => {
    const at = (e.currentTarget as HTMLElement).scrollTop;
    cancelAnimationFrame(frame.current);
    frame.current = requestAnimationFrame(() => setTop(at));
  };
  if (rows.length === 0) return <p class="empty">{props.empty ?? 'Nothing here.'}</p>;
  return (
    <div class="vtable" role="table" aria-label={`${props.label}, ${num(rows.length)} rows`} aria-rowcount={rows.length + 1} aria-colcount={columns.length} style={{ height: `${height}px` }} tabIndex={0} onScroll={onScroll}>
      <div role="rowgroup" class="vhead">
        <div role="row" class="vrow" aria-rowindex={1} style={template}>
          {columns.map((c) => (
            <div role="columnheader" class={c.right ? 'right' : ''} aria-sort={order.key === c.key ? (order.down ? 'descending' : 'ascending') : undefined}>
              {c.sort ? (
                <button type="button" class="sort" onClick={() => setOrder((o) => ({ key: c.key, down: o.key === c.key && !o.down }))}>
                  {c.title}<span aria-hidden="true">{order.key === c.key ? (order.down ? ' ▾' : ' ▴') : ''}</span>
                </button>
              ) : c.title}
            </div>
          ))}
        </div>
      </div>
      <div role="rowgroup" class="vbody" style={{ height: `${rows.length * RowPx}px` }}>
        {shown.map((row, i) => (
          <div role="row" class="vrow" key={props.id(row)} aria-rowindex={first + i + 2} style={{ ...template, transform: `translateY(${(first + i) * RowPx}px)` }}>
            {columns.map((c) => <div role="cell" class={c.right ? 'right' : ''}>{c.cell(row)}</div>)}
          </div>
        ))}
      </div>
    </div>
  );
}
