import { createServer, type AddressInfo, type Socket } from 'node:net';
import { createInterface } from 'node:readline';

export interface Mail {
	to: string[];
	subject: string;
	text: string;
}

/** A mail server without accounts, which keeps what it receives. */
export interface MailServer {
	port: number;
	received: Mail[];
	close: () => Promise<void>;
}

/** Serves SMTP on loopback, as far as a client needs it that sends one mail after the other. */
export async function startMailServer(): Promise<MailServer> {
	const received: Mail[] = [];
	const sockets = new Set<Socket>();
	const server = createServer((socket) => {
		sockets.add(socket);
		socket.on('close', () => sockets.delete(socket)).on('error', () => socket.destroy());
		void talk(socket, received);
	});
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	const close = async () => {
		for (const socket of sockets) socket.destroy();
		await new Promise<void>((resolve) => server.close(() => resolve()));
	};
	return { port: (server.address() as AddressInfo).port, received, close };
}

async function talk(socket: Socket, received: Mail[]): Promise<void> {
	const say = (answer: string) => socket.write(`${answer}\r\n`);
	let to: string[] = [];
	let text: string[] | undefined;
	say('220 ready');
	for await (const line of createInterface({ input: socket, crlfDelay: Infinity })) {
		const [command] = line.toUpperCase().split(/[ :]/);
		if (text && line !== '.') {
			text.push(line.replace(/^\.\./, '.'));
		} else if (text) {
			received.push({ to, ...read(text.join('\n')) });
			[to, text] = [[], undefined];
			say('250 received');
		} else if (command === 'DATA') {
			text = [];
			say('354 go on');
		} else {
			if (command === 'RCPT') to.push(/<(.*)>/.exec(line)?.[1] ?? line);
			say(command === 'QUIT' ? '221 bye' : '250 ok');
			if (command === 'QUIT') socket.end();
		}
	}
}

/** The subject and the text of a mail without attachments. */
function read(mail: string): Omit<Mail, 'to'> {
	const [headers, ...paragraphs] = mail.split('\n\n');
	const body = paragraphs.join('\n\n').trimEnd();
	const isQuoted = /^content-transfer-encoding: quoted-printable$/im.test(headers);
	return {
		subject: /^subject: (.*)$/im.exec(headers)?.[1] ?? '',
		text: isQuoted ? unquote(body) : body,
	};
}

/** Decodes quoted-printable text. */
function unquote(text: string): string {
	const bytes = text
		.replace(/=\n/g, '')
		.replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
	return Buffer.from(bytes, 'latin1').toString('utf8');
}
