import type { FleetCell } from './store';

/** Where a cell's nodes are on the map. */
export interface Block {
  cell: FleetCell;
  x: number;
  y: number;
  columns: number;
  /** Node squares, without the title. */
  top: number;
}

export interface MapLayout {
  blocks: Block[];
  /** Side of a node's square, its gap included. */
  step: number;
  height: number;
}

const TitlePx = 18;
const GapPx = 16;
const MostHeightPx = 560;
const LeastTitlePx = 84;
const Sides = [34, 30, 26, 22, 19, 17, 15, 13, 12, 11, 10, 9, 8, 7, 6];

/** Lays cells out in rows, with squares as large as they may be for the map to fit. */
export function layOut(cells: FleetCell[], width: number): MapLayout {
  let layout: MapLayout = { blocks: [], step: 6, height: 0 };
  for (const step of Sides) {
    layout = layOutWith(cells, width, step);
    if (layout.height <= MostHeightPx) return layout;
  }
  // Where the page scrolls anyhow, squares may be as large as leaves as many blocks beside each other.
  const inRow = (l: MapLayout) => l.blocks.filter((b) => b.y === 0).length;
  for (const step of Sides.slice(0, -1).reverse()) {
    const larger = layOutWith(cells, width, step);
    if (inRow(larger) < inRow(layout)) break;
    layout = larger;
  }
  return layout;
}

function layOutWith(cells: FleetCell[], width: number, step: number): MapLayout {
  const blocks: Block[] = [];
  let [x, y, rowHeight] = [0, 0, 0];
  const most = Math.max(1, Math.floor(width / step));
  // About twice as wide as high, and the rows as full as they can be.
  const columnsOf = ({ nodes: { length } }: FleetCell) => {
    const columns = Math.min(most, Math.max(1, Math.ceil(Math.sqrt(length * 2))));
    return Math.ceil(length / Math.ceil(length / columns)) || 1;
  };
  const widthOf = (cell: FleetCell) => Math.max(columnsOf(cell) * step, Math.min(width, LeastTitlePx));
  const gap = gapOf(cells.map(widthOf), width);
  for (const cell of cells) {
    const columns = columnsOf(cell);
    const w = widthOf(cell);
    const h = TitlePx + Math.ceil(cell.nodes.length / columns) * step;
    if (x > 0 && x + w > width + 0.5) {
      x = 0;
      y += rowHeight + GapPx;
      rowHeight = 0;
    }
    blocks.push({ cell, x, y, columns, top: y + TitlePx });
    x += w + gap;
    rowHeight = Math.max(rowHeight, h);
  }
  return { blocks, step, height: y + rowHeight };
}

/** Between blocks beside each other: full rows of blocks of one width reach from edge to edge. */
function gapOf(widths: number[], width: number): number {
  const w = widths[0] ?? 0;
  const inRow = Math.floor((width + GapPx) / (w + GapPx));
  return inRow > 1 && widths.length > inRow && widths.every((other) => other === w) ? Math.floor((width - inRow * w) / (inRow - 1)) : GapPx;
}

/** Which node lies at a point. */
export function hit(layout: MapLayout, x: number, y: number): { block: number; index: number } | null {
  for (let block = 0; block < layout.blocks.length; block++) {
    const b = layout.blocks[block]!;
    if (x < b.x || y < b.top) continue;
    const column = Math.floor((x - b.x) / layout.step);
    if (column >= b.columns) continue;
    const index = Math.floor((y - b.top) / layout.step) * b.columns + column;
    if (index < b.cell.nodes.length) return { block, index };
  }
  return null;
}

/** The node next to one, by an arrow key. */
export function neighbour(layout: MapLayout, at: { block: number; index: number }, key: string): { block: number; index: number } {
  const b = layout.blocks[at.block]!;
  const last = layout.blocks.length - 1;
  switch (key) {
    case 'ArrowRight':
      return at.index + 1 < b.cell.nodes.length ? { ...at, index: at.index + 1 } : at.block < last ? { block: at.block + 1, index: 0 } : at;
    case 'ArrowLeft':
      return at.index > 0 ? { ...at, index: at.index - 1 } : at.block > 0 ? { block: at.block - 1, index: layout.blocks[at.block - 1]!.cell.nodes.length - 1 } : at;
    case 'ArrowDown':
      return at.index + b.columns < b.cell.nodes.length ? { ...at, index: at.index + b.columns } : at.block < last ? { block: at.block + 1, index: 0 } : at;
    case 'ArrowUp':
      return at.index - b.columns >= 0 ? { ...at, index: at.index - b.columns } : at.block > 0 ? { block: at.block - 1, index: 0 } : at;
    case 'Home':
      return { block: 0, index: 0 };
    case 'End':
      return { block: last, index: layout.blocks[last]!.cell.nodes.length - 1 };
    case 'PageDown':
      return { block: Math.min(last, at.block + 1), index: 0 };
    case 'PageUp':
      return { block: Math.max(0, at.block - 1), index: 0 };
    default:
      return at;
  }
}
