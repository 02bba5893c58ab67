export async function renderHtml(_r: unknown, _o: unknown): Promise<string> {
  return '';
}
