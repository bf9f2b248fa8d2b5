import { useState } from 'preact/hooks';
import { call, segment } from '../core/client';
import { go } from '../core/router';
import { Action, Dialog, ErrorBox, Field, useTask } from '../ui/bits';
import { isOpen, type ExperimentReport } from './types';

type Verb = 'pause' | 'resume' | 'stop' | 'promote' | 'demote' | 'delete';

const Means: Record<Verb, string> = {
  pause: 'All requests get what they would get without it, and nothing is decided until it is resumed. What was assigned before still counts.',
  resume: 'Requests are split as before the pause, each unit as it was, and counted on.',
  stop: 'Its arms serve no more, and what policies say serves again. It cannot be begun anew.',
  promote: 'All requests that it is for get the winner, but for a holdback of the control by which it is watched.',
  demote: 'What policies say serves again. The experiment is over.',
  delete: 'What policies say serves again, and its outcomes are forgotten.',
};

/** What somebody may do with an experiment at its stage. */
export function Commands({ experiment: e, onDone }: { experiment: ExperimentReport; onDone: () => void }) {
  const [asks, setAsks] = useState<Verb | null>(null);
  const [reason, setReason] = useState('');
  const task = useTask();
  const ask = (verb: Verb) => {
    task.clear();
    setReason('');
    setAsks(verb);
  };
  const send = (verb: Verb) => task.run(async () => {
    const path = `api/v1/experiments/${segment(e.name)}`;
    if (verb === 'delete') {
      await call('DELETE', path, { headers: { 'if-match': '*' } });
      return go('experiments');
    }
    // Who promotes means the winner that is on the page; to end it is right whatever came since.
    await call('POST', `${path}:${verb}`, { body: reason ? { reason } : undefined, headers: verb === 'promote' ? { 'if-match': `"${e.version}"` } : {} });
    setAsks(null);
    onDone();
  });
  return (
    <>
      {isOpen(e) && (e.pausedAt ? <Action permission="policies.write" kind="primary" onClick={() => ask('resume')}>Resume</Action> : <Action permission="policies.write" onClick={() => ask('pause')}>Pause</Action>)}
      {e.stage === 'decided' && <Action permission="policies.write" kind="primary" disabled={(e.warning && 'Its figures cannot be trusted.') || (e.pausedAt && 'It is paused: resume it first.')} onClick={() => ask('promote')}>Promote</Action>}
      {e.stage === 'promoted' && <Action permission="policies.write" kind="danger" onClick={() => ask('demote')}>Demote</Action>}
      {isOpen(e) && e.stage !== 'promoted' && <Action permission="policies.write" kind="danger" onClick={() => ask('stop')}>Stop</Action>}
      <Action permission="policies.write" kind="danger" onClick={() => ask('delete')}>Delete</Action>
      <Dialog title={`${asks ?? ''} ${e.name}?`} open={asks !== null} onClose={() => setAsks(null)}>
        <p>{asks && Means[asks]}</p>
        {asks !== 'delete' && <Field label="Reason">{(id) => <input id={id} value={reason} maxLength={256} onInput={(x) => setReason(x.currentTarget.value)} />}</Field>}
        <ErrorBox error={task.error} />
        <div class="actions end">
          <button type="button" class="button" onClick={() => setAsks(null)}>Leave it</button>
          <Action kind={asks === 'stop' || asks === 'demote' || asks === 'delete' ? 'danger' : 'primary'} busy={task.busy} onClick={() => void send(asks!)}>{asks ?? ''} experiment</Action>
        </div>
      </Dialog>
    </>
  );
}
