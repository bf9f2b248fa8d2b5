import type { ComponentChildren } from 'preact';
import { useId, useMemo } from 'preact/hooks';
import { usePoll } from '../core/poll';
import { can } from '../core/session';
import { cells } from '../fleet/store';
import { Field } from '../ui/bits';
import { Arms, Guardrails, type Arm, type Guardrail } from './ArmInputs';
import { formOf, valueAt, withValue, type FormField } from './fields';
import { Models, NumberInput, Words, type Weighted } from './inputs';
import type { FieldProblem, ObjectKind } from './kinds';
import { Said, wrongAt } from './Said';
import { StrategyInput } from './StrategyInput';

type Json = Record<string, unknown>;

export interface FormProps {
  kind: ObjectKind;
  spec: Json;
  problems: FieldProblem[];
  readOnly: boolean;
  onChange: (spec: Json) => void;
  /** Stands before the rest. */
  children?: ComponentChildren;
}

/** The fields that most contents have. It writes into the same content as the text: what it has no field for stays. */
export function Form({ kind, spec, problems, readOnly, onChange, children }: FormProps) {
  const suggestions = useSuggestions();
  return (
    <div class="form">
      <div class="form-grid">
        {children}
        {typeof spec.kind === 'string' && kind.templates[spec.kind] !== undefined && (
          <Field label="Kind">
            {(id) => (
              <select id={id} value={spec.kind as string} disabled={readOnly} onChange={(e) => onChange(ofKind(kind, spec, e.currentTarget.value))}>
                {Object.keys(kind.templates).map((k) => <option>{k}</option>)}
              </select>
            )}
          </Field>
        )}
      </div>
      {formOf(kind, spec).map((part) => {
        const isOff = part.optional !== undefined && valueAt(spec, part.optional) === undefined;
        return (
          <fieldset key={part.title} class={isOff ? 'off' : ''}>
            <legend>
              {part.optional
                ? <label class="switch"><input type="checkbox" checked={!isOff} disabled={readOnly} onChange={() => onChange(withValue(spec, part.optional!, isOff ? start(part.optional!) : undefined))} /> {part.title}</label>
                : part.title}
            </legend>
            {isOff ? <span class="dim">{part.without}</span> : (
              <div class="form-grid">
                {part.fields.map((f) => <Input key={f.path} field={f} spec={spec} problems={problems} readOnly={readOnly} suggest={f.type === 'models' ? suggestions.models : f.suggest ? suggestions[f.suggest] : []} onChange={(v) => onChange(withValue(spec, f.path, v))} />)}
              </div>
            )}
          </fieldset>
        );
      })}
    </div>
  );
}

const start = (part: string): Json => (part === 'routing' ? { strategy: 'mesh' } : part === 'hedging' ? { enabled: true } : {});

/** Another kind: what it is for stays, the part of the old kind goes. */
function ofKind(kind: ObjectKind, spec: Json, next: string): Json {
  const kept = Object.fromEntries(Object.entries(spec).filter(([name]) => !(name in kind.templates)));
  return { ...kept, kind: next, [next]: (kind.templates[next] as Json)[next] };
}

/** Whether the form has a field that shows what is wrong with this one. */
export function shows(kind: ObjectKind, spec: Json, problem: FieldProblem): boolean {
  return formOf(kind, spec).some((part) => (part.optional === undefined || valueAt(spec, part.optional) !== undefined)
    && part.fields.some((f) => (f.type === 'strategy' ? ['routing.strategy', 'routing.parameters.'].some((p) => problem.field.startsWith(p)) : wrongAt([problem], f.path))));
}

function Input(p: { field: FormField; spec: Json; problems: FieldProblem[]; readOnly: boolean; suggest: string[]; onChange: (value: unknown) => void }) {
  const { field: f, readOnly, onChange } = p;
  const value = valueAt(p.spec, f.path);
  const said = useId();
  const wrong = wrongAt(p.problems, f.path);
  const common = { readOnly, wrong, describedBy: wrong ? said : undefined };
  const texts = Array.isArray(value) ? value.filter((v): v is string => typeof v === 'string') : [];
  if (f.type === 'strategy') return <div class="wide"><StrategyInput value={(value as object) ?? {}} readOnly={readOnly} problems={p.problems} onChange={onChange} /></div>;
  if (f.type === 'arms') return <div class="wide"><Arms id={said} readOnly={readOnly} value={(Array.isArray(value) ? value : []) as Arm[]} problems={p.problems} onChange={onChange} /></div>;
  if (f.type === 'guardrails') return <div class="wide"><Guardrails id={said} readOnly={readOnly} value={(Array.isArray(value) ? value : []) as Guardrail[]} problems={p.problems} onChange={(v) => onChange(v.length > 0 ? v : undefined)} /></div>;
  return (
    <div class={f.wide ? 'wide' : ''}>
      {f.type === 'switch' ? (
        <>
          <label class="switch"><input type="checkbox" checked={(value ?? f.standard === 1) === true} disabled={readOnly} aria-describedby={common.describedBy} onChange={(e) => onChange(e.currentTarget.checked)} /> {f.label}</label>
          {f.hint && <small class="dim">{f.hint}</small>}
        </>
      ) : f.type === 'models' ? <Models id={said + 'm'} {...common} value={(Array.isArray(value) ? value : []) as Weighted[]} suggest={p.suggest} onChange={onChange} /> : (
        <Field label={f.unit ? `${f.label}, ${f.unit}` : f.label} hint={f.hint}>
          {(id) => {
            if (f.type === 'number') return <NumberInput id={id} {...common} value={typeof value === 'number' ? value : undefined} min={f.min} max={f.max} standard={f.standard} onChange={onChange} />;
            if (f.type === 'list') return <Words id={id} {...common} value={texts} standard={f.standard} suggest={p.suggest} onChange={(v) => onChange(v.length > 0 ? v : undefined)} />;
            if (f.type === 'labels') return <Words id={id} {...common} value={Object.entries((value as Record<string, string> | undefined) ?? {}).map(([k, v]) => `${k}=${v}`)} onChange={(v) => onChange(v.length > 0 ? Object.fromEntries(v.map((l) => [l.split('=')[0]!, l.split('=').slice(1).join('=')])) : undefined)} />;
            if (f.type === 'choice') return <select id={id} value={typeof value === 'string' ? value : f.of![0]} disabled={readOnly} aria-invalid={wrong} aria-describedby={common.describedBy} onChange={(e) => onChange(e.currentTarget.value === f.of![0] ? undefined : e.currentTarget.value)}>{f.of!.map((o) => <option>{o}</option>)}</select>;
            return <input id={id} value={typeof value === 'string' ? value : ''} readOnly={readOnly} aria-invalid={wrong} aria-describedby={common.describedBy} placeholder={f.standard === undefined ? undefined : String(f.standard)} onInput={(e) => onChange(e.currentTarget.value || undefined)} />;
          }}
        </Field>
      )}
      <Said of={p.problems} path={f.path} id={said} />
    </div>
  );
}

function useSuggestions(): Record<NonNullable<FormField['suggest']>, string[]> {
  const models = usePoll<{ items: { name: string }[] }>(can('models.read') ? 'api/v1/models' : null, 0).data;
  const tenants = usePoll<{ items: { name: string }[] }>(can('tenants.read') ? 'api/v1/tenants' : null, 0).data;
  const all = cells.value;
  return useMemo(() => ({
    models: models?.items.map((m) => m.name) ?? [],
    tenants: tenants?.items.map((t) => t.name) ?? [],
    nodes: all.flatMap((c) => c.nodes),
    cells: all.map((c) => c.id),
    zones: [...new Set(all.flatMap((c) => c.zones))].filter(Boolean).sort(),
  }), [models, tenants, all]);
}
