import { type Command, type Option } from 'commander';

/** Commands that do something: those without subcommands of their own. */
export function leaves(command: Command): Command[] {
  return command.commands.length === 0 ? [command] : command.commands.flatMap(leaves);
}

/** `user create`, without the name of the program. */
export function pathOf(command: Command): string {
  const above = command.parent?.parent ? `${pathOf(command.parent)} ` : '';
  return `${above}${command.name()}`;
}

/** The tables of docs/cli.md: one for the options of every command, one for each group. */
export function renderCommands(program: Command): string {
  const groups = program.commands.filter((command) => command.commands.length > 0);
  const alone = program.commands.filter((command) => command.commands.length === 0);
  return [
    section('Options of every command', program.options.map(optionRow), 'option'),
    section('Services, operation and questions', alone.map(commandRow), 'command'),
    ...groups.map((group) => {
      const title = `${group.name()}\n\n${sentence(group.description())}`;
      return section(title, leaves(group).map(commandRow), 'command');
    }),
  ].join('\n');
}

function section(title: string, rows: readonly string[], what: string): string {
  return [`## ${title}`, '', `| ${what} | |`, '|---|---|', ...rows, ''].join('\n');
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

function commandRow(command: Command): string {
  const words = command.registeredArguments.map((argument) => {
    return argument.required ? `<${argument.name()}>` : `[${argument.name()}]`;
  });
  const head = ['ledgate', pathOf(command), ...words].join(' ');
  const options = command.options.map((option) => `<br>${optionText(option)}`);
  return `| \`${head}\` | ${command.description()}${options.join('')} |`;
}

function optionRow(option: Option): string {
  return `| \`${option.flags}\` | ${meaning(option)} |`;
}

function optionText(option: Option): string {
  const needed = option.mandatory ? ' (required)' : '';
  return `\`${option.flags}\`${needed} ${meaning(option)}`.trim();
}

function meaning({ description, defaultValue, envVar, negate }: Option): string {
  const shown =
    negate || defaultValue === undefined || defaultValue === '' ? '' : defaultText(defaultValue);
  return `${description}${shown}${envVar === undefined ? '' : ` [${envVar}]`}`;
}

function defaultText(value: unknown): string {
  return ` (default ${Array.isArray(value) ? value.join(',') : String(value)})`;
}
