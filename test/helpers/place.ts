/** A host that programs run on: this machine, or a network namespace of it. */
export interface Place {
  /** Where what runs there is reached. */
  readonly address: string;
  /** The command that runs another one there, as the same process. */
  within(file: string, args: readonly string[]): [file: string, args: string[]];
}

export const HERE: Place = { address: '127.0.0.1', within: (file, args) => [file, [...args]] };
