import { diffLines } from 'diff';
import { Empty } from '../ui/bits';

/** What changes from one text to another, line by line. */
export function Diff({ before, after, from, to }: { before: string; after: string; from: string; to: string }) {
  if (before === after) return <Empty>Nothing differs from {from}.</Empty>;
  const parts = diffLines(before && before + '\n', after && after + '\n');
  const [added, removed] = [parts.filter((p) => p.added).reduce((n, p) => n + p.count, 0), parts.filter((p) => p.removed).reduce((n, p) => n + p.count, 0)];
  return (
    <div class="diff" tabIndex={0} role="region" aria-label={`Difference from ${from} to ${to}`}>
      <p class="small dim">{from} → {to}: {added} added, {removed} removed</p>
      <pre>
        {parts.flatMap((p) => p.value.replace(/\n$/, '').split('\n').map((line) => (
          <span class={p.added ? 'added' : p.removed ? 'removed' : ''}><i>{p.added ? '+' : p.removed ? '−' : ' '}</i>{line}{'\n'}</span>
        )))}
      </pre>
    </div>
  );
}
