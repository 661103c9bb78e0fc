import type { UploadSource } from '../client';
import type { IdleGuard } from './idleGuard';

/** A file kept in memory comes as one chunk; only in slices can it be seen to move. */
const SLICE_BYTES = 256 * 1024;

/**
 * A multipart body whose file part is streamed. n8n's HTTP helper takes a FormData and reads the
 * `size` and `stream()` of its parts, so this gives it a part that never is in memory as a whole:
 * 200 MB take 90 MB of extra memory this way, and 632 MB as a Blob.
 */
export class StreamedForm extends FormData {
	/** Why the content could not be read, when that ended the upload. */
	sourceError: unknown;

	private reader: AsyncGenerator<Uint8Array> | undefined;
	private isOver = false;

	constructor(
		private readonly source: UploadSource,
		private readonly fields: ReadonlyArray<readonly [string, string]>,
		private readonly guard: Pick<IdleGuard, 'touch' | 'abort' | 'signal'>,
	) {
		super();
	}

	/** The file part stands first, as in OpenAI's own SDKs. */
	override entries(): FormDataIterator<[string, FormDataEntryValue]> {
		const { fileName, contentType, bytes } = this.source;
		const file = { name: fileName, type: contentType, size: bytes, stream: () => this.content() };
		const parts = [['file', file], ...this.fields] as unknown as Array<
			[string, FormDataEntryValue]
		>;
		return parts[Symbol.iterator]() as FormDataIterator<[string, FormDataEntryValue]>;
	}

	/**
	 * The request is over, perhaps before everything was sent: closes the source, which the helper
	 * leaves open, and breaks off what is still being sent, so that the connection is not used
	 * again in the middle of a body. The signal ends a source that is waiting itself.
	 */
	close(): void {
		this.isOver = true;
		this.guard.abort();
		void this.reader?.return(undefined);
	}

	private content(): AsyncIterable<Uint8Array> {
		const reader = (this.reader = this.read());
		const next = async () => {
			if (this.isOver) throw new RangeError('The request is over');
			return await reader.next();
		};
		return { [Symbol.asyncIterator]: () => ({ next }) };
	}

	private async *read(): AsyncGenerator<Uint8Array> {
		try {
			let sent = 0;
			for await (const chunk of this.source.open(this.guard.signal)) {
				sent += chunk.byteLength;
				if (sent > this.source.bytes) break;
				for (let start = 0; start < chunk.byteLength; start += SLICE_BYTES) {
					this.guard.touch();
					yield chunk.subarray(start, start + SLICE_BYTES);
				}
			}
			if (sent !== this.source.bytes) {
				throw new RangeError(
					`The content is not the ${this.source.bytes} bytes it was measured to be`,
				);
			}
		} catch (error) {
			// What becomes of the source after the request matters to nobody. The signal ends both.
			if (this.isOver || this.guard.signal.aborted) return;
			this.sourceError = error;
			this.isOver = true;
			this.guard.abort();
		}
	}
}
