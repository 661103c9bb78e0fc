import { randomBytes, randomInt } from 'node:crypto';

const ALPHANUMERICS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** `batch_` and 32 hexadecimal digits, of which the first eight are the time, as in real ids. */
export function batchId(createdAt: number): string {
	const time = createdAt.toString(16).padStart(8, '0');
	return `batch_${time}${randomBytes(12).toString('hex')}`;
}

/** `file-` and 22 letters or digits. */
export function fileId(): string {
	return `file-${Array.from({ length: 22 }, () => ALPHANUMERICS[randomInt(62)]).join('')}`;
}

/** The value of an answer's `x-request-id`. */
export function requestId(): string {
	return `req_${randomBytes(16).toString('hex')}`;
}

/** A UUID made of hexadecimal digits, as batch result lines carry in `request_id`. */
export function uuidOf(hex: string): string {
	return [
		hex.slice(0, 8),
		hex.slice(8, 12),
		`4${hex.slice(13, 16)}`,
		`a${hex.slice(17, 20)}`,
		hex.slice(20, 32),
	].join('-');
}
