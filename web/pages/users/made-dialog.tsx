import { useText } from '../../ui/context.ts';
import { Copyable } from '../../ui/copyable.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { Notice } from '../../ui/feedback.tsx';

/** An account with the password that was made for it. */
export interface Made {
  isNew: boolean;
  username: string;
  password: string;
}

/** The one time that the password is told. */
export function MadeDialog({ made, onClose }: { made: Made; onClose: () => void }) {
  const text = useText();
  const { isNew, username, password } = made;
  return (
    <Dialog title={isNew ? text.users.created(username) : text.users.passwordSet(username)} onClose={onClose}>
      <Notice tone="warn">{text.users.handOver}</Notice>
      <div class="made-login">
        <div>
          <p class="muted">{text.users.username}</p>
          <Copyable label={text.users.username}>{username}</Copyable>
        </div>
        <div>
          <p class="muted">{text.users.password}</p>
          <Copyable label={text.users.password}>{password}</Copyable>
        </div>
      </div>
      <div class="form-end">
        <button type="button" class="button primary" onClick={onClose}>
          {text.users.done}
        </button>
      </div>
    </Dialog>
  );
}
