import { useId, useRef, useState } from 'preact/hooks';
import { Field } from '../ui/bits';

export interface InputProps<T> {
  id: string;
  value: T;
  readOnly: boolean;
  onChange: (value: T) => void;
  describedBy?: string;
  wrong?: boolean;
}

/** Words in a box: Enter or a comma adds what was typed, the backspace key in an empty box takes the last one out. */
export function Words({ id, value, readOnly, onChange, describedBy, wrong, standard, suggest = [] }: InputProps<string[]> & { suggest?: string[]; standard?: string | number }) {
  const [typed, setTyped] = useState('');
  const list = useId();
  const add = (text: string) => {
    const words = text.split(/[,\s]+/).filter((w) => w && !value.includes(w));
    if (words.length > 0) onChange([...value, ...words]);
    setTyped('');
  };
  return (
    <div class={`words ${wrong ? 'wrong' : ''}`}>
      {value.map((word, i) => (
        <span class="word">
          {word}
          {!readOnly && <button type="button" aria-label={`Take out ${word}`} onClick={() => onChange(value.filter((_, at) => at !== i))}>×</button>}
        </span>
      ))}
      <input id={id} value={typed} list={list} readOnly={readOnly} spellcheck={false} autocapitalize="off" autocomplete="off" aria-describedby={describedBy} aria-invalid={wrong}
        placeholder={value.length === 0 ? String(standard ?? '') : undefined}
        onInput={(e) => {
          const text = e.currentTarget.value;
          // What is picked from the list comes at once and whole.
          if (text.endsWith(',') || (e as unknown as InputEvent).inputType === 'insertReplacementText' || (e as unknown as InputEvent).inputType === undefined) add(text);
          else setTyped(text);
        }}
        onKeyDown={(e) => {
          if (e.key === 'Enter') {
            e.preventDefault();
            add(e.currentTarget.value);
          } else if (e.key === 'Backspace' && typed === '' && !readOnly) onChange(value.slice(0, -1));
        }}
        onBlur={(e) => add(e.currentTarget.value)} />
      <datalist id={list}>{suggest.filter((s) => !value.includes(s)).slice(0, 200).map((s) => <option value={s} />)}</datalist>
    </div>
  );
}

/** A number, or nothing for what is the standard. */
export function NumberInput(p: InputProps<number | undefined> & { min?: number; max?: number; standard?: string | number }) {
  const box = useRef<HTMLInputElement>(null);
  // What is being typed, such as "0.", stays as it is while it means the same.
  const typed = box.current?.valueAsNumber ?? NaN;
  const isSame = box.current !== null && (Number.isNaN(typed) ? p.value === undefined : typed === p.value);
  return (
    <input ref={box} id={p.id} type="number" step="any" min={p.min} max={p.max} value={isSame ? box.current!.value : (p.value ?? '')} readOnly={p.readOnly} aria-describedby={p.describedBy} aria-invalid={p.wrong} placeholder={p.standard === undefined ? undefined : String(p.standard)}
      onInput={(e) => p.onChange(Number.isNaN(e.currentTarget.valueAsNumber) ? undefined : e.currentTarget.valueAsNumber)} />
  );
}

export interface Weighted {
  model: string;
  weight?: number;
}

/** Models of an endpoint with their weights, and the share of the conversations that each gets. */
export function Models({ id, value, readOnly, onChange, wrong, describedBy, suggest }: InputProps<Weighted[]> & { suggest: string[] }) {
  const list = useId();
  const sum = value.reduce((n, m) => n + (m.weight ?? 1), 0);
  const put = (i: number, m: Weighted) => onChange(value.map((old, at) => (at === i ? m : old)));
  return (
    <div class={`weighted ${wrong ? 'wrong' : ''}`} id={id} role="group" aria-describedby={describedBy} aria-label="Models and their weights">
      {value.map((m, i) => (
        <div class="weighted-row">
          <Field label={`Model ${i + 1}`}>{(f) => <input id={f} value={m.model ?? ''} list={list} readOnly={readOnly} spellcheck={false} onInput={(e) => put(i, { ...m, model: e.currentTarget.value })} />}</Field>
          <Field label="Weight">{(f) => <NumberInput id={f} value={m.weight} min={1} max={1000} standard={1} readOnly={readOnly} onChange={(weight) => put(i, weight === undefined ? { model: m.model } : { ...m, weight })} />}</Field>
          <span class="weighted-share" title="Share of the conversations"><span class="meter plain" aria-hidden="true"><span style={{ width: `${sum > 0 ? ((m.weight ?? 1) / sum) * 100 : 0}%` }} /></span> {sum > 0 ? Math.round(((m.weight ?? 1) / sum) * 100) : 0} %</span>
          {!readOnly && value.length > 1 && <button type="button" class="button" onClick={() => onChange(value.filter((_, at) => at !== i))}>Remove<span class="sr-only"> model {i + 1}</span></button>}
        </div>
      ))}
      <datalist id={list}>{suggest.map((s) => <option value={s} />)}</datalist>
      {!readOnly && <button type="button" class="button small" onClick={() => onChange([...value, { model: '', weight: 1 }])}>Add a model</button>}
    </div>
  );
}
