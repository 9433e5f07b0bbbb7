/**
 * The source without its comments, and with the contents of strings emptied when `strings` is
 * 'empty': what is left can be searched for names without being fooled by prose. Code inside
 * `${…}` of template literals is dropped together with the literal. Lines stay where they are.
 */
export function stripSource(text: string, strings: 'keep' | 'empty'): string {
  return text.replace(tokens, (token, ...groups: unknown[]) => {
    const { comment, template, regex } = groups.at(-1) as Record<string, string | undefined>;
    if (comment !== undefined) return onlyLineBreaks(token);
    if (regex !== undefined) return strings === 'keep' ? token : '/x/';
    if (strings === 'keep') return token;
    if (template !== undefined) return `\`${onlyLineBreaks(token)}\``;
    return `${token[0]}${token[0]}`;
  });
}

/** Whatever begins first wins, so that quotes in comments and comments in strings do no harm. */
const tokens = new RegExp(
  [
    String.raw`(?<comment>\/\/[^\n]*|\/\*[\s\S]*?\*\/)`,
    String.raw`(?<regex>(?<=[=(,:;!&|?{}\[\n]\s*|return\s+)\/(?![*\/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^\/\\\n\[])+\/[a-z]*)`,
    String.raw`(?<template>\`(?:\\.|[^\`\\])*\`)`,
    String.raw`"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'`,
  ].join('|'),
  'g',
);

function onlyLineBreaks(token: string): string {
  return token.replace(/[^\n]/g, '');
}
