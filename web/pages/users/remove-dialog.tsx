import type { User } from '../../client/index.ts';
import { retold } from '../../state/retold.ts';
import { useAction } from '../../ui/action.ts';
import { useText, useUser } from '../../ui/context.ts';
import { Dialog, FormDialog } from '../../ui/dialog.tsx';
import { Notice } from '../../ui/feedback.tsx';

interface RemoveDialogProps {
  user: User;
  isLastAdmin: boolean;
  onClose: () => void;
}

export function RemoveDialog({ user, isLastAdmin, onClose }: RemoveDialogProps) {
  const text = useText();
  const me = useUser();
  const { run, busy, failure } = useAction();
  const title = text.users.removeTitle(user.name ?? user.username);
  if (isLastAdmin || user.id === me.id) {
    return (
      <Dialog title={title} onClose={onClose}>
        <Notice tone="warn">{isLastAdmin ? text.users.lastAdmin : text.users.notYourself}</Notice>
        <div class="form-end">
          <button type="button" class="button primary" onClick={onClose}>
            {text.common.close}
          </button>
        </div>
      </Dialog>
    );
  }
  const remove = async () => {
    const done = await run(async (client) => {
      await client.call('DELETE /api/users/{id}', { params: { id: user.id } });
      return true;
    });
    if (done) onClose();
  };
  return (
    <FormDialog
      title={title}
      submit={text.users.removeSubmit}
      busy={busy}
      failure={retold(failure, { CONFLICT: text.users.lastAdmin })}
      danger
      onClose={onClose}
      onSubmit={() => void remove()}
    >
      <ul class="consequences">
        <li>{text.users.removeEnds}</li>
        <li>{text.users.removeKeeps}</li>
        <li>{text.users.removeFinal}</li>
      </ul>
    </FormDialog>
  );
}
