import { useEffect, useState } from 'preact/hooks';
import { type Failure, failureOf } from '../state/index.ts';
import { useCore, useSelect, useText } from '../ui/context.ts';
import { Copyable } from '../ui/copyable.tsx';
import { FailureNotice, Notice } from '../ui/feedback.tsx';
import { Field, PasswordField } from '../ui/fields.tsx';

export function LoginPage() {
  const text = useText();
  const core = useCore();
  const ended = useSelect((state) => state.ended);
  const [username, setUsername] = useState('');
  const [password, setPassword] = useState('');
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<Failure | null>(null);
  useEffect(() => {
    document.title = `${text.login.title} · PM IoT`;
  }, [text]);
  const logIn = async () => {
    setBusy(true);
    try {
      await core.logIn({ username: username.trim(), password });
    } catch (error) {
      const told = failureOf(error);
      setFailure(told);
      setBusy(false);
      if (told === null) throw error;
    }
  };
  return (
    <main class="door">
      <div class="door-card">
        <p class="brand large">
          <img src="./icon.svg" alt="" width="44" height="44" />
          PM IoT
        </p>
        <h1>{text.login.title}</h1>
        {ended === 'ended' && failure === null && <Notice tone="warn">{text.login.ended}</Notice>}
        <form
          class="form"
          onSubmit={(event) => {
            event.preventDefault();
            void logIn();
          }}
        >
          <Field
            label={text.login.username}
            value={username}
            onInput={setUsername}
            autocomplete="username"
            autocapitalize="none"
            spellcheck={false}
            required
            maxLength={64}
          />
          <PasswordField
            label={text.login.password}
            value={password}
            onInput={setPassword}
            autocomplete="current-password"
            required
          />
          <FailureNotice failure={failure} />
          <button type="submit" class="button primary wide" disabled={busy}>
            {busy ? text.common.working : text.login.submit}
          </button>
        </form>
        <details class="door-help">
          <summary>{text.login.firstTime}</summary>
          <p>{text.login.firstTimeHint}</p>
          <p>{text.login.forgotten}</p>
          <Copyable label={text.login.forgotten}>npm run password -- admin</Copyable>
        </details>
      </div>
    </main>
  );
}
