import { useEffect, useRef, useState } from 'preact/hooks';
import { ApiError, post, segment } from '../core/client';
import type { FieldProblem, ObjectKind } from './kinds';

const PauseMs = 350;

export type Check = { kind: 'none' } | { kind: 'checking' } | { kind: 'valid' } | { kind: 'wrong'; problems: FieldProblem[] } | { kind: 'failed'; why: string };

/** Asks the API whether a content could be written, after each pause in the typing. Nothing is written by it. */
export function useCheck(kind: ObjectKind, name: string, spec: Record<string, unknown> | undefined, allowed: boolean): Check {
  const [check, setCheck] = useState<Check>({ kind: 'none' });
  const round = useRef(0);
  const text = spec && JSON.stringify(spec);
  useEffect(() => {
    const mine = ++round.current;
    if (!allowed || text === undefined) return setCheck({ kind: 'none' });
    setCheck((c) => (c.kind === 'wrong' ? c : { kind: 'checking' }));
    const timer = setTimeout(async () => {
      const found = await ask(kind, name, text);
      // Who typed on meanwhile has asked again.
      if (mine === round.current) setCheck(found);
    }, PauseMs);
    return () => clearTimeout(timer);
  }, [kind, name, text, allowed]);
  return check;
}

async function ask(kind: ObjectKind, name: string, text: string): Promise<Check> {
  const at = `api/v1/${kind.path}/${segment(name || 'new')}`;
  try {
    if (kind.path === 'policies') await post(`${at}:dryRun`, { spec: JSON.parse(text), recent: 0 });
    else if (kind.path === 'experiments') await post('api/v1/objects:apply?dryRun=true', { objects: [{ apiVersion: 'infermesh/v1', kind: 'Experiment', metadata: { name: name || 'new' }, spec: JSON.parse(text) }] });
    else await post(`${at}:check`, JSON.parse(text));
    return { kind: 'valid' };
  } catch (e) {
    const problems = e instanceof ApiError ? problemsOf(e) : [];
    return problems.length > 0 ? { kind: 'wrong', problems } : { kind: 'failed', why: (e as Error).message };
  }
}

/** The fields that a refusal names. */
export function problemsOf(e: ApiError): FieldProblem[] {
  return Object.entries(e.errors).flatMap(([field, messages]) => messages.map((message) => ({ field: field.replace(/^objects\[0\]\.?/, '').replace(/^metadata\./, '').replace(/^spec\.?/, ''), message })));
}
