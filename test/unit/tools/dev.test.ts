import { readArguments } from '../../../tools/dev/arguments';

describe('the arguments of npm run dev', () => {
	it('are the usual ports, and the n8n of the last time', () => {
		expect(readArguments([])).toEqual({
			port: 5678,
			emulatorPort: 4010,
			fresh: false,
			help: false,
		});
	});

	it('can be others', () => {
		const args = ['--port', '6000', '--emulator-port', '6001', '--fresh'];
		expect(readArguments(args)).toMatchObject({ port: 6000, emulatorPort: 6001, fresh: true });
	});

	it.each([
		[['--emulator-port', 'x'], '--emulator-port has to be a number from 1 to 65535, not "x"'],
		[['--port', '0'], '--port has to be'],
		[['--twice'], 'Usage: npm run dev'],
	])('are refused: %j', (args, message) => {
		expect(() => readArguments(args)).toThrow(message);
	});
});
