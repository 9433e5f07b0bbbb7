/** RFC 6749, section 3.3. */
export function words(scope: string | undefined): readonly string[] {
  return scope === undefined || scope === '' ? [] : scope.split(' ');
}
