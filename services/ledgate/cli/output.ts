import Table from 'cli-table3';

export type Cell = string | number | bigint | boolean | undefined | readonly string[];
export type Row = Readonly<Record<string, Cell>>;

/** Where results go: tables for people, one JSON document for programs. */
export class Output {
  readonly #json: boolean;
  readonly #write: (text: string) => void;

  constructor(json: boolean, write: (text: string) => void) {
    this.#json = json;
    this.#write = write;
  }

  get json(): boolean {
    return this.#json;
  }

  /** One thing: a list of its fields. */
  one(row: Row): void {
    if (this.#json) return this.document(row);
    const table = new Table({ chars: plain, style: { head: [], border: [] } });
    for (const [name, cell] of Object.entries(row)) {
      if (cell !== undefined && cell !== '') table.push([title(name), text(cell)]);
    }
    this.#write(`${table.toString()}\n`);
  }

  /** Many things of one kind. `empty` is said when there are none. */
  many(rows: readonly Row[], empty: string): void {
    if (this.#json) return this.document(rows);
    const [first] = rows;
    if (first === undefined) return this.#write(`${empty}\n`);
    const names = Object.keys(first);
    const style = { head: [], border: [] };
    const table = new Table({ head: names.map(title), chars: plain, style });
    for (const row of rows) table.push(names.map((name) => text(row[name])));
    this.#write(`${table.toString()}\n`);
  }

  /** A line for people; programs do not get it. */
  say(line: string): void {
    if (!this.#json) this.#write(`${line}\n`);
  }

  /** One JSON document a line, for streams. */
  line(row: Row, forPeople: string): void {
    this.#write(this.#json ? `${JSON.stringify(row, plainNumbers)}\n` : `${forPeople}\n`);
  }

  /** Any value, as JSON. */
  document(value: unknown): void {
    this.#write(`${JSON.stringify(value, plainNumbers, 2)}\n`);
  }
}

const plain = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: ' ',
};

function plainNumbers(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? Number(value) : value;
}

/** `resourcePrefix` → `resource prefix`. */
function title(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

function text(cell: Cell): string {
  if (cell === undefined) return '';
  if (typeof cell === 'object') return cell.join(' ');
  return String(cell);
}

/** ISO time of Unix milliseconds; empty for 0. */
export function timeText(ms: bigint | number): string {
  return Number(ms) === 0 ? '' : new Date(Number(ms)).toISOString();
}
