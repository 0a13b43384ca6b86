import { useState } from 'preact/hooks';
import { ME } from '../state/index.ts';
import { useAction } from '../ui/action.ts';
import { useCore, useText, useUser } from '../ui/context.ts';
import { FailureNotice, Notice } from '../ui/feedback.tsx';
import { PasswordField } from '../ui/fields.tsx';

const MIN_LENGTH = 8;

export function PasswordForm({ onChanged }: { onChanged: () => void }) {
  const text = useText();
  const { username } = useUser();
  const { run, busy, failure } = useAction();
  const [current, setCurrent] = useState('');
  const [next, setNext] = useState('');
  const [again, setAgain] = useState('');
  const [differ, setDiffer] = useState(false);
  const change = async () => {
    setDiffer(next !== again);
    if (next !== again) return;
    const body = { current_password: current, new_password: next };
    const done = await run(async (client) => {
      await client.call('PUT /api/auth/password', { body });
      return true;
    });
    if (done) onChanged();
  };
  return (
    <form
      class="form"
      onSubmit={(event) => {
        event.preventDefault();
        void change();
      }}
    >
      {/* For password managers, which keep a password under a name. */}
      <input type="text" autocomplete="username" value={username} readOnly hidden />
      <PasswordField
        label={text.password.current}
        value={current}
        onInput={setCurrent}
        autocomplete="current-password"
        required
      />
      <PasswordField
        label={text.password.next}
        value={next}
        onInput={setNext}
        autocomplete="new-password"
        minLength={MIN_LENGTH}
        hint={text.password.rule}
        required
      />
      <PasswordField
        label={text.password.again}
        value={again}
        onInput={setAgain}
        autocomplete="new-password"
        required
      />
      {differ && <Notice tone="bad">{text.password.differ}</Notice>}
      <FailureNotice failure={failure} />
      <button type="submit" class="button primary" disabled={busy}>
        {busy ? text.common.working : text.password.submit}
      </button>
    </form>
  );
}

/** In place of everything else, until a printed password is gone. */
export function ForcedPasswordPage() {
  const text = useText();
  const core = useCore();
  return (
    <main class="door">
      <div class="door-card">
        <h1>{text.password.forced}</h1>
        <p>{text.password.forcedWhy}</p>
        <PasswordForm onChanged={() => core.poller.refresh(ME.key)} />
        <button type="button" class="button quiet" onClick={() => void core.logOut().catch(() => undefined)}>
          {text.account.logOut}
        </button>
      </div>
    </main>
  );
}
