import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { ApiError, call, get, post, segment } from '../core/client';
import { dateTime } from '../core/format';
import { usePoll } from '../core/poll';
import { go, href } from '../core/router';
import { can } from '../core/session';
import { Action, Badge, Choice, Dialog, Empty, ErrorBox, Field, Panel, Scroll, useTask, Waiting } from '../ui/bits';
import { Diff } from './Diff';
import { lineOf, parseText, textOf, type FieldProblem, type ObjectKind, type Stored } from './kinds';
import { Trial } from './Trial';

type Tab = 'diff' | 'history' | 'trial';

/** One policy or endpoint: its text, what is wrong with it, what it changes, and what it was. */
export function ObjectPage({ kind, name: known }: { kind: ObjectKind; name: string | null }) {
  const path = known === null ? null : `api/v1/${kind.path}/${segment(known)}`;
  const [stored, setStored] = useState<Stored | null>(null);
  const [missing, setMissing] = useState(known === null);
  const [name, setName] = useState(known ?? '');
  const [text, setText] = useState(() => textOf(Object.values(kind.templates)[0] as Record<string, unknown>));
  const [problems, setProblems] = useState<FieldProblem[]>([]);
  const [said, setSaid] = useState('');
  const [tab, setTab] = useState<Tab>('diff');
  const [asks, setAsks] = useState<{ what: 'delete' } | { what: 'rollback'; version: number } | null>(null);
  const history = usePoll<{ items: Stored[] }>(path && `${path}/history`, 0);
  const area = useRef<HTMLTextAreaElement>(null);
  const task = useTask();

  const take = (o: Stored) => {
    setStored(o);
    setMissing(false);
    setText(textOf(o.spec));
    setProblems([]);
  };
  useEffect(() => {
    if (path === null) return;
    void task.run(async () => {
      try {
        take(await get<Stored>(path));
      } catch (e) {
        if ((e as ApiError).status !== 404) throw e;
        setMissing(true);
      }
    });
  }, [path]);

  const parsed = useMemo(() => parseText(text), [text]);
  const before = stored ? textOf(stored.spec) : '';
  const isDirty = stored === null || text.trim() !== before;
  const mayWrite = can(kind.write);
  const wrong = parsed.problem ? `The text ${parsed.problem.message}` : known === null && !name ? 'It needs a name.' : undefined;

  const refused = (e: unknown) => {
    if (!(e instanceof ApiError) || Object.keys(e.errors).length === 0) throw e;
    setProblems(Object.entries(e.errors).flatMap(([field, messages]) => messages.map((message) => ({ field, message, line: lineOf(text, field.replace(/^spec\./, '')) }))));
  };
  const attempt = (work: () => Promise<void>) => task.run(async () => {
    setProblems([]);
    setSaid('');
    try {
      await work();
    } catch (e) {
      refused(e);
    }
  });
  const validate = () => attempt(async () => {
    const at = `api/v1/${kind.path}/${segment(name || 'new')}`;
    if (kind.path === 'policies') await post(`${at}:dryRun`, { spec: parsed.value, recent: 0 });
    else await post(`${at}:check`, parsed.value);
    setSaid('It is valid.');
  });
  const apply = () => attempt(async () => {
    const at = `api/v1/${kind.path}/${segment(name)}`;
    const { body } = await call<Stored>('PUT', at, { body: parsed.value, headers: stored ? { 'if-match': `"${stored.version}"` } : { 'if-none-match': '*' } });
    if (known === null) return go(kind.path, name);
    take(body);
    setSaid(`Version ${body.version} is in force.`);
    history.reload();
  });
  const confirmed = () => attempt(async () => {
    const at = `api/v1/${kind.path}/${segment(name)}`;
    if (asks!.what === 'delete') {
      await call('DELETE', at, { headers: { 'if-match': `"${stored!.version}"` } });
      setAsks(null);
      return go(kind.path);
    }
    const { body } = await call<Stored>('POST', `${at}:rollback`, { body: { version: asks!.version }, headers: stored ? { 'if-match': `"${stored.version}"` } : { 'if-none-match': '*' } });
    setAsks(null);
    take(body);
    setSaid(`The content of version ${asks!.what === 'rollback' ? asks!.version : ''} is in force again, as version ${body.version}.`);
    history.reload();
  });
  // Until it has come there is no text that somebody could begin to change.
  if (known !== null && stored === null && !missing) return <><h1>{known}</h1><Waiting error={task.error as ApiError | undefined} what={`the ${kind.one}`} /></>;
  const conflict = task.error instanceof ApiError && task.error.status === 412;
  const jump = (line: number) => {
    const start = text.split('\n').slice(0, line - 1).join('\n').length + (line > 1 ? 1 : 0);
    area.current!.focus();
    area.current!.setSelectionRange(start, start + (text.split('\n')[line - 1]?.length ?? 0));
    area.current!.scrollTop = (line - 4) * 19;
  };
  const tabs: [Tab, string][] = [['diff', 'Changes'], ['history', 'History'], ...(kind.path === 'policies' ? [['trial', 'Dry run'] as [Tab, string]] : [])];
  return (
    <>
      <p class="crumbs"><a href={href(kind.path)}>{kind.title}</a></p>
      <h1>{known ?? `New ${kind.one}`} {stored && <span class="badge dim">version {stored.version}</span>}{missing && known !== null && <span class="badge warn">deleted</span>}</h1>
      <div class="columns editor-columns">
        <Panel title="Content" actions={stored && <span class="dim small">{dateTime(stored.changedAt)} by {stored.changedBy}</span>}>
          {known === null && (
            <div class="filters">
              <Field label="Name">{(id) => <input id={id} value={name} spellcheck={false} onInput={(e) => { setName(e.currentTarget.value.trim()); setStored(null); }} />}</Field>
              {Object.keys(kind.templates).length > 1 && (
                <Field label="Kind">{(id) => <select id={id} onChange={(e) => setText(textOf(kind.templates[e.currentTarget.value] as Record<string, unknown>))}>{Object.keys(kind.templates).map((k) => <option>{k}</option>)}</select>}</Field>
              )}
            </div>
          )}
          <textarea ref={area} class={`code ${problems.length > 0 || parsed.problem ? 'wrong' : ''}`} aria-label={`Content of the ${kind.one}, JSON`} aria-invalid={problems.length > 0 || parsed.problem !== undefined} spellcheck={false} readOnly={!mayWrite}
            rows={Math.min(28, Math.max(12, text.split('\n').length + 1))} value={text} onInput={(e) => { setText(e.currentTarget.value); setProblems([]); setSaid(''); }} />
          <Problems of={parsed.problem ? [parsed.problem] : problems} onJump={jump} />
          {conflict ? (
            <div class="notice warn" role="alert">
              <p>{task.error!.message}</p>
              <button type="button" class="button" onClick={() => void task.run(async () => { const mine = text; take(await get<Stored>(`api/v1/${kind.path}/${segment(name)}`)); setText(mine); })}>Compare my text with the current version</button>
            </div>
          ) : <ErrorBox error={task.error} />}
          <p class="said" role="status">{said}</p>
          <div class="actions">
            <Action permission={kind.write} kind="primary" busy={task.busy} disabled={wrong ?? (isDirty ? undefined : 'Nothing differs from what is in force.')} onClick={() => void apply()}>{stored ? 'Apply' : 'Create'}</Action>
            <Action permission={kind.path === 'policies' ? 'routing.explain' : kind.read} busy={task.busy} disabled={wrong} onClick={() => void validate()}>Validate</Action>
            {parsed.value && textOf(parsed.value) !== text.trim() && <button type="button" class="button" onClick={() => setText(textOf(parsed.value!))}>Format</button>}
            {stored && isDirty && <button type="button" class="button" onClick={() => take(stored)}>Discard</button>}
            {stored && <Action permission={kind.write} kind="danger" onClick={() => setAsks({ what: 'delete' })}>Delete</Action>}
          </div>
        </Panel>
        <Panel title={<Choice label="Beside the content" value={tab} of={tabs} onChange={setTab} />}>
          {tab === 'diff' && <Diff before={before} after={text.trim()} from={stored ? `version ${stored.version}` : 'nothing'} to="this text" />}
          {tab === 'history' && <Past kind={kind} current={stored} versions={history.data?.items} onRollback={(version) => setAsks({ what: 'rollback', version })} />}
          {tab === 'trial' && <Trial name={name} spec={parsed.value} disabled={parsed.problem && `The text ${parsed.problem.message}`} />}
        </Panel>
      </div>
      <Dialog title={asks?.what === 'rollback' ? `Go back to version ${asks.version}?` : `Delete ${name}?`} open={asks !== null} onClose={() => setAsks(null)}>
        <p>{asks?.what === 'rollback' ? 'Its content becomes a new version, in force at once on all silos.' : 'Its history stays, and a rollback brings it back.'}</p>
        <ErrorBox error={task.error} />
        <div class="actions end">
          <button type="button" class="button" onClick={() => setAsks(null)}>Leave it</button>
          <Action kind={asks?.what === 'delete' ? 'danger' : 'primary'} busy={task.busy} onClick={() => void confirmed()}>{asks?.what === 'rollback' ? 'Roll back' : 'Delete'}</Action>
        </div>
      </Dialog>
    </>
  );
}

function Problems({ of, onJump }: { of: FieldProblem[]; onJump: (line: number) => void }) {
  if (of.length === 0) return null;
  return (
    <ul class="problems" role="alert">
      {of.map((p) => (
        <li>
          {p.field && <code>{p.field}</code>} {p.message} {p.line !== undefined && <button type="button" class="link" onClick={() => onJump(p.line!)}>line {p.line}</button>}
        </li>
      ))}
    </ul>
  );
}

function Past(props: { kind: ObjectKind; current: Stored | null; versions: Stored[] | undefined; onRollback: (version: number) => void }) {
  const [picked, setPicked] = useState<number | null>(null);
  if (!props.versions) return <Empty>There is no history yet.</Empty>;
  const version = props.versions.find((v) => v.version === picked);
  return (
    <>
      <Scroll label="Versions">
        <table>
          <thead><tr><th>Version</th><th>When</th><th>Who</th><th></th></tr></thead>
          <tbody>
            {props.versions.map((v) => (
              <tr class={v.version === picked ? 'picked' : ''}>
                <td>{v.version} {v.deleted && <Badge of="deleted" />}{v.version === props.current?.version && <span class="badge good">in force</span>}</td>
                <td>{dateTime(v.changedAt)}</td>
                <td>{v.changedBy}</td>
                <td class="right nowrap">
                  <button type="button" class="button small" onClick={() => setPicked(v.version === picked ? null : v.version)}>{v.version === picked ? 'Hide' : 'Compare'}<span class="sr-only"> version {v.version}</span></button>{' '}
                  {!v.deleted && v.version !== props.current?.version && <Action permission={props.kind.write} onClick={() => props.onRollback(v.version)}>Roll back<span class="sr-only"> to version {v.version}</span></Action>}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
      {version && <Diff before={textOf(version.spec)} after={props.current ? textOf(props.current.spec) : ''} from={`version ${version.version}`} to={props.current ? `version ${props.current.version}` : 'nothing'} />}
    </>
  );
}
