/** Questions to several nodes, each until all have answered. */
export function createQuestions() {
  const open = new Map<number, { left: Set<string>; finish: () => void }>();
  let last = 0;
  return {
    /**
     * Resolves once all of `left` have answered, or after `milliseconds`. `send`: false when nobody will answer, so that
     * nobody is waited for.
     */
    ask: (left: Set<string>, milliseconds: number, send: (number: number) => boolean): Promise<void> =>
      new Promise((resolve) => {
        const number = ++last;
        const finish = () => {
          clearTimeout(timer);
          open.delete(number);
          resolve();
        };
        const timer = setTimeout(finish, milliseconds);
        open.set(number, { left, finish });
        if (!send(number) || left.size === 0) finish();
      }),
    answered: (number: number, by: string): void => {
      const question = open.get(number);
      question?.left.delete(by);
      if (question?.left.size === 0) question.finish();
    },
  };
}
