import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import type { ApiError } from '../core/client';
import { ago, dateTime, words } from '../core/format';
import { whyNot } from '../core/session';

export function Panel(props: { title?: ComponentChildren; actions?: ComponentChildren; children: ComponentChildren; class?: string; level?: 2 | 3 }) {
  const Heading = props.level === 3 ? 'h3' : 'h2';
  return (
    <section class={`panel ${props.class ?? ''}`}>
      {(props.title || props.actions) && (
        <header class="panel-head">
          {props.title && <Heading>{props.title}</Heading>}
          {props.actions && <div class="actions">{props.actions}</div>}
        </header>
      )}
      {props.children}
    </section>
  );
}

/** Health, state and status words, told apart by shape and colour. */
export function Badge({ of }: { of: string }) {
  return <span class={`badge ${tone(of)}`}>{words(of)}</span>;
}

const Tones: Record<string, string> = {
  ready: 'good', running: 'good', routed: 'good', success: 'good', completed: 'good', healthy: 'good', loaded: 'good', active: 'good', available: 'good', promoted: 'good', kept: 'good', decided: 'warn', demoted: 'bad',
  suspect: 'warn', draining: 'warn', probing: 'warn', degraded: 'warn', overloaded: 'warn', quota_exceeded: 'warn', preempted: 'warn', rescaling: 'warn', timeout: 'warn', cancelled: 'dim',
  offline: 'bad', quarantined: 'bad', failed: 'bad', error: 'bad', rejected: 'bad', forbidden: 'bad', model_unknown: 'bad', no_eligible_target: 'bad', unhealthy: 'bad',
};

export function tone(of: string): string {
  return Tones[of] ?? 'dim';
}

export function Synthetic({ is }: { is: boolean | undefined }) {
  return is ? <span class="badge synthetic" title="Simulated: figures are a model's, no measurement">synthetic</span> : null;
}

export function Ago({ at }: { at: string | undefined }) {
  return at ? <time dateTime={at} title={dateTime(at)}>{ago(at)}</time> : <>–</>;
}

export function ErrorBox({ error }: { error: ApiError | Error | undefined }) {
  if (!error) return null;
  const fields = Object.entries((error as ApiError).errors ?? {});
  return (
    <div class="notice bad" role="alert">
      <strong>{(error as ApiError).title ?? 'It failed'}</strong>
      {fields.length > 0 ? (
        <ul>{fields.flatMap(([field, messages]) => messages.map((m) => <li><code>{field}</code> {m}</li>))}</ul>
      ) : (
        <p>{error.message}</p>
      )}
    </div>
  );
}

export function Empty({ children }: { children: ComponentChildren }) {
  return <p class="empty">{children}</p>;
}

/** Whether a page has its data: what to show meanwhile. */
export function Waiting({ error, what }: { error: ApiError | undefined; what: string }) {
  return error ? <ErrorBox error={error} /> : <p class="empty" role="status">Reading {what} …</p>;
}

/** A button that says why it may not be pressed. It stays reachable, so that the reason is, too. */
export function Action(props: { permission?: string; onClick: () => void; children: ComponentChildren; kind?: 'primary' | 'danger'; disabled?: string | undefined; busy?: boolean }) {
  const why = (props.permission ? whyNot(props.permission) : undefined) ?? props.disabled;
  const id = useId();
  return (
    <>
      <button type="button" class={`button ${props.kind ?? ''}`} aria-disabled={why !== undefined || props.busy} aria-describedby={why ? id : undefined} title={why}
        onClick={() => why === undefined && !props.busy && props.onClick()}>
        {props.children}
      </button>
      {why && <span id={id} class="sr-only">{why}</span>}
    </>
  );
}

/** A share of a whole, with its number beside it. */
export function Meter(props: { value: number | null | undefined; text: string; label: string; tone?: string }) {
  const share = Math.max(0, Math.min(1, props.value ?? 0));
  const mood = props.tone ?? (share >= 0.95 ? 'bad' : share >= 0.8 ? 'warn' : '');
  return (
    <span class="meter-row">
      <span class={`meter ${mood}`} role="img" aria-label={`${props.label}: ${props.text}`}><span style={{ width: `${share * 100}%` }} /></span>
      <span class="meter-text">{props.text}</span>
    </span>
  );
}

/** A wide table that scrolls by itself, also with the keyboard. */
export function Scroll({ label, children }: { label: string; children: ComponentChildren }) {
  return <div class="scroll" tabIndex={0} role="region" aria-label={label}>{children}</div>;
}

export function Facts({ of }: { of: [string, ComponentChildren][] }) {
  return <dl class="facts">{of.map(([name, value]) => <div><dt>{name}</dt><dd>{value}</dd></div>)}</dl>;
}

/** A question that stands in the way of everything else until it is answered. */
export function Dialog(props: { title: string; open: boolean; onClose: () => void; children: ComponentChildren }) {
  const ref = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    if (props.open && !ref.current!.open) ref.current!.showModal();
    if (!props.open && ref.current!.open) ref.current!.close();
  }, [props.open]);
  return (
    <dialog ref={ref} aria-labelledby={id} onClose={props.onClose}>
      <h2 id={id}>{props.title}</h2>
      {props.open && props.children}
    </dialog>
  );
}

export function Field(props: { label: string; children: (id: string) => JSX.Element; hint?: string }) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{props.label}</label>
      {props.children(id)}
      {props.hint && <small>{props.hint}</small>}
    </div>
  );
}

/** One of a few, as buttons. */
export function Choice<T extends string>(props: { label: string; value: T; of: readonly (readonly [T, string])[]; onChange: (value: T) => void }) {
  return (
    <div class="choice" role="group" aria-label={props.label}>
      {props.of.map(([value, text]) => (
        <button type="button" aria-pressed={value === props.value} onClick={() => props.onChange(value)}>{text}</button>
      ))}
    </div>
  );
}

/** Runs something, and shows how it went. */
export function useTask(): { run: (work: () => Promise<void>) => Promise<void>; busy: boolean; error: Error | undefined; clear: () => void } {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<Error>();
  return {
    busy,
    error,
    clear: () => setError(undefined),
    run: async (work) => {
      setBusy(true);
      setError(undefined);
      try {
        await work();
      } catch (e) {
        setError(e as Error);
      } finally {
        setBusy(false);
      }
    },
  };
}

/** Attributes of a part of a picture that does something when it is clicked, or when Enter or the space bar is pressed on it. */
export function pressed(act: () => void) {
  return {
    tabindex: 0,
    onClick: act,
    onKeyDown: (e: KeyboardEvent) => {
      if (e.key !== 'Enter' && e.key !== ' ') return;
      e.preventDefault();
      act();
    },
  };
}
