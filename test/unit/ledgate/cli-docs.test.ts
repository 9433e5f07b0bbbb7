import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createProgram } from '#services/ledgate/program.js';
import { ExitCode } from '#services/ledgate/cli/exit-code.js';
import { leaves, pathOf, renderCommands } from '../../support/ledgate/render-commands.js';

const file = new URL('../../../docs/cli.md', import.meta.url);
const [begin, end] = ['<!-- commands: begin -->\n', '<!-- commands: end -->'];

/** docs/cli.md between its marks; `UPDATE_DOCS=1` writes there what the command line says. */
function documented(): string {
  const text = readFileSync(file, 'utf8');
  const [from, to] = [text.indexOf(begin) + begin.length, text.indexOf(end)];
  if (process.env['UPDATE_DOCS'] !== '1') return text.slice(from, to);
  const rendered = renderCommands(createProgram());
  writeFileSync(file, `${text.slice(0, from)}${rendered}${text.slice(to)}`);
  return rendered;
}

describe('docs/cli.md', () => {
  it('lists every command and option as the command line has them (UPDATE_DOCS=1 writes it)', () => {
    expect(documented()).toBe(renderCommands(createProgram()));
  });

  it('lists every exit code', () => {
    const text = readFileSync(file, 'utf8');
    for (const code of Object.values(ExitCode))
      expect(text).toMatch(new RegExp(`^\\| ${code} \\|`, 'm'));
  });
});

describe('the command line', () => {
  const commands = leaves(createProgram());

  it.each(commands.map((command) => [pathOf(command), command] as const))(
    '%s says what it does, and so does each of its options',
    (_, command) => {
      expect(command.description()).not.toBe('');
      for (const option of command.options)
        expect([option.flags, option.description]).not.toContain('');
    },
  );

  it('says its exit codes and its version', () => {
    let help = '';
    createProgram()
      .configureOutput({ writeOut: (text) => (help += text) })
      .outputHelp();
    for (const code of Object.values(ExitCode))
      expect(help).toMatch(new RegExp(`^(.*[ ])?${code} `, 'm'));
    const manifest = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8');
    const { version } = JSON.parse(manifest) as { version: string };
    expect(createProgram().version()).toBe(version);
  });
});
