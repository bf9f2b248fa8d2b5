import { useId } from 'preact/hooks';
import { Field } from '../ui/bits';
import { NumberInput, type InputProps } from './inputs';
import type { FieldProblem } from './kinds';
import { Said } from './Said';
import { StrategyInput } from './StrategyInput';

export interface Arm {
  name?: string;
  weight?: number;
  strategy?: string;
  parameters?: Record<string, number>;
  fallback?: string;
}

/** Arms of an experiment, the control first. */
export function Arms({ id, value, readOnly, onChange, problems }: InputProps<Arm[]> & { problems: FieldProblem[] }) {
  const put = (i: number, arm: Arm) => onChange(value.map((old, at) => (at === i ? arm : old)));
  const change = (i: number, of: 'name' | 'weight', next: string | number | undefined) => {
    const { [of]: _old, ...others } = value[i]!;
    put(i, next === undefined ? others : { ...others, [of]: next });
  };
  return (
    <div class="arms" id={id} role="group" aria-label="Arms">
      {value.map((arm, i) => {
        const { name: _name, weight: _weight, ...routing } = arm;
        return (
          <div class="arm" role="group" aria-label={i === 0 ? 'Control' : `Challenger ${i}`}>
            <div class="form-grid">
              <Field label={i === 0 ? 'Control' : `Challenger ${i}`} hint={i === 0 ? 'What serves today.' : undefined}>{(f) => <input id={f} value={arm.name ?? ''} readOnly={readOnly} spellcheck={false} autocapitalize="off" onInput={(e) => change(i, 'name', e.currentTarget.value)} />}</Field>
              <Field label="Weight">{(f) => <NumberInput id={f} value={arm.weight} min={0} standard={1} readOnly={readOnly} onChange={(weight) => change(i, 'weight', weight)} />}</Field>
              {!readOnly && value.length > 2 && i > 0 && <button type="button" class="button" onClick={() => onChange(value.filter((_, at) => at !== i))}>Remove<span class="sr-only"> challenger {i}</span></button>}
            </div>
            <Said of={problems} path={`arms[${i}].name`} />
            <Said of={problems} path={`arms[${i}].weight`} />
            <StrategyInput at={`arms[${i}]`} value={routing} readOnly={readOnly} problems={problems} onChange={(next) => put(i, { name: arm.name, ...(arm.weight === undefined ? {} : { weight: arm.weight }), ...next })} />
          </div>
        );
      })}
      {!readOnly && value.length < 16 && <button type="button" class="button small" onClick={() => onChange([...value, { name: `challenger-${value.length}`, strategy: 'mesh' }])}>Add a challenger</button>}
      <Said of={problems.filter((p) => /^arms(\[\d+\](\.fallback)?)?$/.test(p.field))} path="arms" />
    </div>
  );
}

export interface Guardrail {
  metric?: string;
  margin?: number;
  cap?: number;
}

export const Metrics = ['ttft_p50', 'ttft_p95', 'ttft_p99', 'ttft_gmean', 'e2e_p95', 'e2e_gmean', 'error_rate'];

/** Metrics that must not get worse, and how much is tolerated. */
export function Guardrails({ id, value, readOnly, onChange, problems }: InputProps<Guardrail[]> & { problems: FieldProblem[] }) {
  const list = useId();
  const put = (i: number, next: Guardrail) => onChange(value.map((old, at) => (at === i ? next : old)));
  return (
    <div class="weighted" id={id} role="group" aria-label="Guardrails">
      {value.map((g, i) => (
        <div class="weighted-row">
          <Field label={`Metric ${i + 1}`}>{(f) => <input id={f} value={g.metric ?? ''} list={list} readOnly={readOnly} spellcheck={false} onInput={(e) => put(i, { ...g, metric: e.currentTarget.value })} />}</Field>
          <Field label="May be worse by">{(f) => <NumberInput id={f} value={g.margin} min={0} standard={0} readOnly={readOnly} onChange={(margin) => put(i, margin === undefined ? { metric: g.metric } : { ...g, margin })} />}</Field>
          {!readOnly && <button type="button" class="button" onClick={() => onChange(value.filter((_, at) => at !== i))}>Remove<span class="sr-only"> guardrail {i + 1}</span></button>}
        </div>
      ))}
      <datalist id={list}>{Metrics.map((m) => <option value={m} />)}</datalist>
      {!readOnly && value.length < 8 && <button type="button" class="button small" onClick={() => onChange([...value, { metric: 'error_rate', margin: 0.01 }])}>Add a guardrail</button>}
      <Said of={problems} path="guardrails" />
    </div>
  );
}
