/** One command of a document, with what its comment says must come of it. */
export interface DocCommand {
  readonly line: number;
  readonly command: string;
  /** Text that the output must contain; three digits: an HTTP status. */
  readonly expected: string | undefined;
}

export interface DocBlock {
  readonly line: number;
  readonly commands: readonly DocCommand[];
  /** Why the block is not run, from the comment `<!-- not run here: … -->` right above it. */
  readonly notRun: string | undefined;
}

/**
 * The fenced `sh` blocks of a Markdown text. A command may end with two blanks or more and a
 * comment: what the output must contain.
 */
export function shellBlocks(markdown: string): DocBlock[] {
  const lines = markdown.split('\n');
  const blocks: DocBlock[] = [];
  for (let i = 0; i < lines.length; i++) {
    if (lines[i] !== '```sh') continue;
    const notRun = /^<!-- not run here: (.+) -->$/.exec(lines[i - 1] ?? '')?.[1];
    const commands: DocCommand[] = [];
    const first = i + 1;
    for (i = first; i < lines.length && lines[i] !== '```'; i++) {
      const [, command = '', expected] = /^(.*?)(?:\s{2,}#\s+(.*))?$/.exec(lines[i] ?? '') ?? [];
      if (command.trim() !== '') commands.push({ line: i + 1, command, expected });
    }
    blocks.push({ line: first, commands, notRun });
  }
  return blocks;
}
