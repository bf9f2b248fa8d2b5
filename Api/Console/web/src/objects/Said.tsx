import type { FieldProblem } from './kinds';

const within = (field: string, path: string) => field === path || field.startsWith(`${path}.`) || field.startsWith(`${path}[`);

/** Whether something is wrong with a field or with what is in it. */
export const wrongAt = (problems: FieldProblem[], path: string): boolean => problems.some((p) => within(p.field, path));

/** What is wrong with a field, below it. */
export function Said({ of, path, id }: { of: FieldProblem[]; path: string; id?: string }) {
  const here = of.filter((p) => within(p.field, path));
  return here.length === 0 ? null : <p class="field-problem" id={id}>{here.map((p) => p.message).join(' ')}</p>;
}
