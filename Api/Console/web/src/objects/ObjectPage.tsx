import { useEffect, useMemo, useState } from 'preact/hooks';
import { ApiError, call, get, segment } from '../core/client';
import { dateTime } from '../core/format';
import { usePoll } from '../core/poll';
import { go, href } from '../core/router';
import { can } from '../core/session';
import { Action, Badge, Choice, Dialog, Empty, ErrorBox, Field, Panel, Scroll, useTask, Waiting } from '../ui/bits';
import { CodeEditor } from './CodeEditor';
import { Diff } from './Diff';
import { Form, shows } from './Form';
import { lineOf, scan } from './json';
import { parseText, textOf, type FieldProblem, type ObjectKind, type Stored } from './kinds';
import { Trial } from './Trial';
import { problemsOf, useCheck, type Check } from './useCheck';

type Tab = 'diff' | 'history' | 'trial';
type View = 'form' | 'json';

const ViewKey = 'infermesh.editor';

/** One policy or endpoint, or a new experiment: its content as a form and as a text, what is wrong with it, what it changes, and what it was. */
export function ObjectPage({ kind, name: known }: { kind: ObjectKind; name: string | null }) {
  const path = known === null ? null : `api/v1/${kind.path}/${segment(known)}`;
  const [stored, setStored] = useState<Stored | null>(null);
  const [missing, setMissing] = useState(known === null);
  const [name, setName] = useState(known ?? '');
  const [text, setText] = useState(() => textOf(Object.values(kind.templates)[0] as Record<string, unknown>));
  const [refusal, setRefusal] = useState<FieldProblem[]>([]);
  const [view, setView] = useState<View>(() => (localStorage.getItem(ViewKey) === 'json' ? 'json' : 'form'));
  const [jump, setJump] = useState<{ line: number } | null>(null);
  const [said, setSaid] = useState('');
  const [tab, setTab] = useState<Tab>('diff');
  const [asks, setAsks] = useState<{ what: 'delete' } | { what: 'rollback'; version: number } | null>(null);
  const history = usePoll<{ items: Stored[] }>(path && `${path}/history`, 0);
  const task = useTask();

  const take = (o: Stored) => {
    setStored(o);
    setMissing(false);
    setText(textOf(o.spec));
    setRefusal([]);
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
  const scanned = useMemo(() => scan(text), [text]);
  const before = stored ? textOf(stored.spec) : '';
  const isDirty = stored === null || text.trim() !== before;
  const mayWrite = can(kind.write);
  const check = useCheck(kind, name, parsed.value, mayWrite && can(kind.checks));
  const problems = useMemo(() => {
    const found = parsed.problem ? [parsed.problem] : refusal.length > 0 ? refusal : check.kind === 'wrong' ? check.problems : [];
    return found.map((p) => ({ ...p, line: p.line ?? (p.field === 'name' ? undefined : lineOf(scanned.places, p.field)) }));
  }, [parsed, refusal, check, scanned]);
  const wrong = parsed.problem ? `The text ${parsed.problem.message}` : known === null && !name ? 'It needs a name.' : undefined;
  const change = (next: string) => {
    setText(next);
    setRefusal([]);
    setSaid('');
  };
  const show = (next: View) => {
    setView(next);
    setJump(null);
    localStorage.setItem(ViewKey, next);
  };

  const attempt = (work: () => Promise<void>) => task.run(async () => {
    setRefusal([]);
    setSaid('');
    try {
      await work();
    } catch (e) {
      if (!(e instanceof ApiError) || Object.keys(e.errors).length === 0) throw e;
      setRefusal(problemsOf(e));
    }
  });
  const apply = () => attempt(async () => {
    const at = `api/v1/${kind.path}/${segment(name)}`;
    if (kind.path === 'experiments') {
      await call('POST', `api/v1/${kind.path}`, { body: { ...parsed.value, name } });
      return go(kind.path, name);
    }
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
  const mayApply = mayWrite && !wrong && isDirty && !task.busy;
  const format = () => parsed.value && change(textOf(parsed.value));
  const nameProblem = problems.find((p) => p.field === 'name');
  // In the form each field says what is wrong with it; below it stands what has no field.
  const listed = view === 'form' && parsed.value ? problems.filter((p) => p !== nameProblem && !shows(kind, parsed.value!, p)) : problems;
  const nameField = (
    <Field label="Name" hint={nameProblem?.message}>{(id) => <input id={id} value={name} spellcheck={false} autocapitalize="off" aria-invalid={nameProblem !== undefined} onInput={(e) => { setName(e.currentTarget.value.trim()); setStored(null); setRefusal([]); }} />}</Field>
  );
  const tabs: [Tab, string][] = [['diff', 'Changes'], ...(kind.path === 'experiments' ? [] : [['history', 'History'] as [Tab, string]]), ...(kind.path === 'policies' ? [['trial', 'Dry run'] as [Tab, string]] : [])];
  return (
    <>
      <p class="crumbs"><a href={href(kind.path)}>{kind.title}</a></p>
      <h1>{known ?? `New ${kind.one}`} {stored && <span class="badge dim">version {stored.version}</span>}{missing && known !== null && <span class="badge warn">deleted</span>}</h1>
      <div class="columns main-side">
        <Panel title="Content" actions={<>{stored && <span class="dim small">{dateTime(stored.changedAt)} by {stored.changedBy}</span>}<Choice label="Edit as" value={view} of={Views} onChange={show} /></>}>
          {known === null && !(view === 'form' && parsed.value) && <div class="filters">{nameField}</div>}
          {view === 'form' && (parsed.value
            ? <Form kind={kind} spec={parsed.value} problems={problems} readOnly={!mayWrite} onChange={(spec) => change(textOf(spec))}>{known === null && nameField}</Form>
            : <Empty>The text is not JSON: the form is back when it is.</Empty>)}
          {view === 'json' && (
            <CodeEditor label={`Content of the ${kind.one}, JSON`} value={text} scanned={scanned} problems={problems} readOnly={!mayWrite} jump={jump} onChange={change} onApply={() => mayApply && void apply()} onFormat={format} />
          )}
          <Problems of={listed} onJump={(line) => { show('json'); setJump({ line }); }} />
          {conflict ? (
            <div class="notice warn" role="alert">
              <p>{task.error!.message}</p>
              <button type="button" class="button" onClick={() => void task.run(async () => { const mine = text; take(await get<Stored>(`api/v1/${kind.path}/${segment(name)}`)); setText(mine); })}>Compare my text with the current version</button>
            </div>
          ) : <ErrorBox error={task.error} />}
          <p class="said" role="status">{said || <CheckLine of={check} problems={problems.length} />}</p>
          <div class="actions">
            <Action permission={kind.write} kind="primary" busy={task.busy} disabled={wrong ?? (isDirty ? undefined : 'Nothing differs from what is in force.')} onClick={() => void apply()}>{stored ? 'Apply' : 'Create'}</Action>
            {view === 'json' && parsed.value && textOf(parsed.value) !== text.trim() && <button type="button" class="button" onClick={format}>Format</button>}
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

const Views = [['form', 'Form'], ['json', 'JSON']] as const;

function CheckLine({ of, problems }: { of: Check; problems: number }) {
  if (problems > 0) return <span class="bad">{problems === 1 ? 'One problem' : `${problems} problems`}</span>;
  switch (of.kind) {
    case 'checking': return <span class="dim">Checking …</span>;
    case 'valid': return <>It is valid.</>;
    case 'failed': return <span class="dim">It could not be checked: {of.why}</span>;
    default: return null;
  }
}

function Problems({ of, onJump }: { of: FieldProblem[]; onJump: (line: number) => void }) {
  if (of.length === 0) return null;
  return (
    <div role="alert">
      <ul class="problems">
        {of.map((p) => (
          <li>
            {p.field && <code>{p.field}</code>} {p.message} {p.line !== undefined && <button type="button" class="link" onClick={() => onJump(p.line!)}>line {p.line}</button>}
          </li>
        ))}
      </ul>
    </div>
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
