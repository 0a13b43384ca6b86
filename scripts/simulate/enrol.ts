/** An enrolment token through REST, good for this run. */
export async function makeToken(
  { url, username, password }: { url: string; username: string; password: string },
  uses: number,
): Promise<string> {
  const call = async (path: string, body: object, token?: string) => {
    const response = await fetch(new URL(path, url), {
      method: 'POST',
      headers: {
        'Content-Type': 'application/json',
        ...(token !== undefined && { Authorization: `Bearer ${token}` }),
      },
      body: JSON.stringify(body),
    });
    const answer = (await response.json()) as { token?: string; error?: string };
    if (answer.token === undefined) throw new Error(`${path}: ${answer.error ?? response.status}`);
    return answer.token;
  };
  const token = await call('/api/auth/login', { username, password });
  return call('/api/enrollments', { max_uses: uses, expires_in: '1h' }, token);
}
