/** Something that must not turn up where anybody but its owner looks. */
export interface SecretItem {
  readonly name: string;
  readonly bytes: Buffer;
}

/** Something that somebody else can read. */
export interface Place {
  readonly name: string;
  readonly content: Buffer;
}

/** A spelling of a secret, one character for each byte. */
export interface Spelling {
  readonly form: string;
  readonly text: string;
}

/** Fewer bytes than this are found everywhere by chance. */
const shortest = 8;

/** The ways in which bytes get into a text: as they are, hex, base64 at each alignment, escaped. */
export function spellingsOf(bytes: Buffer): Spelling[] {
  if (bytes.length < shortest) throw new Error('too short to be searched for');
  const raw = bytes.toString('latin1');
  const hex = bytes.toString('hex');
  const spellings = [
    { form: 'raw', text: raw },
    { form: 'hex', text: hex },
    { form: 'HEX', text: hex.toUpperCase() },
    ...[0, 1, 2].flatMap((shift) => base64At(bytes, shift)),
  ];
  const text = bytes.toString('utf8');
  if (Buffer.from(text, 'utf8').equals(bytes)) {
    const escaped = { form: 'JSON', text: JSON.stringify(text).slice(1, -1) };
    const percent = { form: 'percent', text: encodeURIComponent(text) };
    for (const one of [escaped, percent]) {
      const latin1 = Buffer.from(one.text, 'utf8').toString('latin1');
      if (latin1 !== raw) spellings.push({ form: one.form, text: latin1 });
    }
  }
  return spellings;
}

/** The characters that the secret alone decides when `shift` bytes of something else precede it. */
function base64At(bytes: Buffer, shift: number): Spelling[] {
  const padded = Buffer.concat([Buffer.alloc(shift), bytes]);
  const from = Math.ceil((shift * 8) / 6);
  const to = Math.floor((padded.length * 8) / 6);
  return (['base64', 'base64url'] as const).map((form) => ({
    form: `${form} after ${shift}`,
    text: padded.toString(form).slice(from, to),
  }));
}

export interface Search {
  /** What was found where. */
  readonly findings: readonly string[];
  /** Spellings searched for, over all places. */
  readonly looked: number;
}

/** Looks for each secret, in every spelling, in each place. */
export function search(secrets: readonly SecretItem[], places: readonly Place[]): Search {
  const findings: string[] = [];
  let looked = 0;
  const wanted = secrets.map(({ name, bytes }) => ({ name, spellings: spellingsOf(bytes) }));
  for (const place of places) {
    const content = place.content.toString('latin1');
    for (const { name, spellings } of wanted) {
      for (const { form, text } of spellings) {
        looked += 1;
        if (content.includes(text)) findings.push(`${name} (${form}) in ${place.name}`);
      }
    }
  }
  return { findings, looked };
}
