import { helperFault } from '../../../../nodes/openai/http/fault';

/** What n8n's helper throws: newer versions keep the cause, n8n 1 only its code. */
const newer = (code: string) => Object.assign(new Error('wrapped'), { cause: { code } });
const older = (httpCode: string | null) => Object.assign(new Error('wrapped'), { httpCode });

describe.each([
	['that keeps the cause', newer],
	['that keeps the code only', older],
])('an error of n8n %s', (_which, wrap) => {
	it.each(['ECONNRESET', 'ECONNABORTED', 'ETIMEDOUT', 'ERR_NETWORK'])(
		'may have had an effect after %s',
		(code) => {
			expect(helperFault(wrap(code))).toMatchObject({
				kind: 'connection',
				code,
				mayHaveExecuted: true,
			});
		},
	);

	it.each(['ECONNREFUSED', 'ENOTFOUND'])('had no effect after %s', (code) => {
		expect(helperFault(wrap(code))).toMatchObject({
			kind: 'connection',
			mayHaveExecuted: false,
		});
	});

	it('tells of a certificate that is not accepted', () => {
		const fault = helperFault(wrap('DEPTH_ZERO_SELF_SIGNED_CERT'));
		expect(fault).toMatchObject({ kind: 'blocked', mayHaveExecuted: false });
		expect(fault.message).toContain('certificate');
	});
});

it.each([null, '403'])('does not take the status %s for a connection', (httpCode) => {
	expect(helperFault(older(httpCode))).toMatchObject({
		kind: 'blocked',
		message: 'n8n did not send the request: wrapped',
	});
});
