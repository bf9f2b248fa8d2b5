import { useState } from 'preact/hooks';
import { get } from '../core/client';
import { begin } from '../core/oidc';
import { me, setCredential, settings, signInReason, type WhoAmI } from '../core/session';
import { ErrorBox, Field, useTask } from './bits';

export function SignIn({ error }: { error?: Error }) {
  const [key, setKey] = useState('');
  const task = useTask();
  const signIn = () => task.run(async () => {
    setCredential(key.trim());
    try {
      me.value = await get<WhoAmI>('api/v1/whoami');
      signInReason.value = '';
    } catch (e) {
      setCredential('');
      throw e;
    }
  });
  const oidc = settings.value?.oidc;
  return (
    <main class="sign-in" id="main">
      <h1>InferMesh</h1>
      {signInReason.value && <p class="notice warn" role="status">{signInReason.value}</p>}
      {error && <ErrorBox error={error} />}
      {oidc && (
        <>
          <button type="button" class="button primary wide" onClick={() => void task.run(begin)}>Sign in with {new URL(oidc.authority).host}</button>
          <p class="or">or</p>
        </>
      )}
      <form onSubmit={(e) => { e.preventDefault(); void signIn(); }}>
        <Field label="API key or token" hint="It stays in this tab, and ends with it.">
          {(id) => <input id={id} type="password" autoComplete="off" spellcheck={false} value={key} required onInput={(e) => setKey(e.currentTarget.value)} />}
        </Field>
        <button type="submit" class={`button wide ${oidc ? '' : 'primary'}`} disabled={task.busy}>Sign in</button>
      </form>
      <ErrorBox error={task.error} />
    </main>
  );
}
