import { useState } from 'preact/hooks';
import { num } from '../core/format';
import { usePoll } from '../core/poll';
import { can } from '../core/session';
import { Field } from '../ui/bits';
import { NumberInput } from './inputs';
import type { FieldProblem } from './kinds';
import { Said, wrongAt } from './Said';

interface Strategy {
  name: string;
  source: 'catalogue' | 'plugin';
  enabled: boolean;
  description: string;
  parameters: { name: string; unit?: string; default: number; min: number; max: number; description: string }[];
  version?: string;
  versions?: { version: string }[];
}

interface Routing {
  strategy?: string;
  parameters?: Record<string, number>;
  fallback?: string;
}

/** The strategy of a routing part, or of an arm of an experiment, what it can be tuned by, and who answers where a plugin does not. */
export function StrategyInput(p: { at?: string; value: Routing; readOnly: boolean; problems: FieldProblem[]; onChange: (value: Routing) => void }) {
  const at = p.at ?? 'routing';
  const [open, setOpen] = useState(Object.keys(p.value.parameters ?? {}).length > 0);
  const { data } = usePoll<{ items: Strategy[] }>(can('strategies.read') ? 'api/v1/strategies' : null, 0);
  const all = data?.items ?? [];
  const name = p.value.strategy ?? '';
  const current = all.find((s) => s.name === name.split('@')[0]);
  const given = p.value.parameters ?? {};
  const choices = all.flatMap((s) => (s.source === 'plugin' ? [...(s.enabled ? [s.name] : []), ...(s.versions ?? []).map((v) => `${s.name}@${v.version}`)] : [s.name]));
  const plugins = choices.filter((c) => all.find((s) => s.name === c.split('@')[0])?.source === 'plugin');
  const own = choices.filter((c) => !plugins.includes(c));
  const tune = (parameter: string, value: number | undefined) => {
    const { [parameter]: _old, ...others } = given;
    p.onChange({ ...p.value, parameters: value === undefined ? others : { ...others, [parameter]: value } });
  };
  // Parameters of another strategy mean nothing to this one.
  const pick = (strategy: string) => {
    const { fallback, ...others } = p.value;
    const next = all.find((s) => s.name === strategy.split('@')[0]);
    const kept = Object.fromEntries(Object.entries(given).filter(([n]) => next?.parameters.some((q) => q.name === n)));
    p.onChange({ ...others, strategy, parameters: kept, ...(next?.source === 'plugin' && fallback ? { fallback } : {}) });
  };
  return (
    <>
      <div class="form-grid">
        <Field label="Strategy" hint={current?.description}>
          {(id) => all.length === 0
            ? <input id={id} value={name} readOnly={p.readOnly} spellcheck={false} onInput={(e) => p.onChange({ ...p.value, strategy: e.currentTarget.value })} />
            : (
              <select id={id} value={name} disabled={p.readOnly} aria-invalid={wrongAt(p.problems, `${at}.strategy`)} aria-describedby={`${id}-said`} onChange={(e) => pick(e.currentTarget.value)}>
                {!choices.includes(name) && <option value={name}>{name ? `${name} (unknown)` : 'choose one'}</option>}
                <optgroup label="Built in">{own.map((c) => <option>{c}</option>)}</optgroup>
                {plugins.length > 0 && <optgroup label="Plugins">{plugins.map((c) => <option>{c}</option>)}</optgroup>}
              </select>
            )}
        </Field>
        {current?.source === 'plugin' && (
          <Field label="Fallback" hint="Answers where the plugin does not.">
            {(id) => (
              <select id={id} value={p.value.fallback ?? ''} disabled={p.readOnly} onChange={(e) => { const { fallback: _old, ...others } = p.value; p.onChange(e.currentTarget.value ? { ...others, fallback: e.currentTarget.value } : others); }}>
                <option value="">hybrid_mesh (standard)</option>
                {own.map((c) => <option>{c}</option>)}
              </select>
            )}
          </Field>
        )}
      </div>
      <Said of={p.problems} path={`${at}.strategy`} />
      {current && current.parameters.length > 0 && (
        <details open={open || wrongAt(p.problems, `${at}.parameters`)} onToggle={(e) => setOpen(e.currentTarget.open)}>
          <summary>Parameters: {Object.keys(given).length === 0 ? 'all as they come' : `${Object.keys(given).length} of ${current.parameters.length} set`}</summary>
          <div class="form-grid">
            {current.parameters.map((q) => (
              <div>
                <Field label={q.unit ? `${q.name}, ${q.unit}` : q.name} hint={`${q.description} ${num(q.min, 3)} to ${num(q.max, 3)}.`}>
                  {(id) => <NumberInput id={id} value={given[q.name]} min={q.min} max={q.max} standard={q.default} readOnly={p.readOnly} wrong={wrongAt(p.problems, `${at}.parameters.${q.name}`)} onChange={(v) => tune(q.name, v)} />}
                </Field>
                <Said of={p.problems} path={`${at}.parameters.${q.name}`} />
              </div>
            ))}
          </div>
        </details>
      )}
    </>
  );
}
