// Compares two picture files as this browser shows them: [first, second, type], both in base64.
async (/** @type {string[]} */ [first, second, type]) => {
    const bytes = (/** @type {string} */ text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    /**
     * @param {CanvasImageSource} source
     * @param {number} width
     * @param {number} height
     * @returns {ArrayLike<number>} four bytes for each pixel
     */
    const drawn = (source, width, height) => {
        const canvas = new OffscreenCanvas(width, height);
        const context = canvas.getContext("2d", { willReadFrequently: true });
        if (!context) throw new Error("no canvas");
        context.drawImage(source, 0, 0);
        return context.getImageData(0, 0, width, height).data;
    };

    // As a page shows it: also what a decoder would call incomplete.
    const still = async (/** @type {Uint8Array<ArrayBuffer>} */ data) => {
        const image = new Image();
        image.src = URL.createObjectURL(new Blob([data], { type }));
        await new Promise((resolve) => { image.onload = image.onerror = resolve; });
        const { naturalWidth: width, naturalHeight: height } = image;
        return { size: [width, height], pixels: width ? drawn(image, width, height) : [] };
    };

    const decoder = async (/** @type {Uint8Array<ArrayBuffer>} */ data) => {
        const opened = new ImageDecoder({ data, type });
        const track = { frameCount: 0, repetitionCount: 0 };
        try {
            await opened.tracks.ready;
            await opened.completed;
            return { opened, track: opened.tracks.selectedTrack ?? track };
        } catch {
            return { opened, track };
        }
    };

    const frame = async (/** @type {ImageDecoder} */ opened, /** @type {number} */ frameIndex) => {
        try {
            const { image } = await opened.decode({ frameIndex });
            const pixels = drawn(image, image.displayWidth, image.displayHeight);
            const { duration } = image;
            image.close();
            return { duration, pixels };
        } catch {
            return { duration: null, pixels: null };
        }
    };

    const difference = (/** @type {ArrayLike<number>} */ one, /** @type {ArrayLike<number>} */ other) => {
        let most = one.length === other.length ? 0 : 255;
        let missing = 0;
        for (let at = 0; at < one.length && most < 255; at += 4) {
            if (!one[at + 3] && other[at + 3]) {
                missing += 1;
                continue;
            }
            for (let channel = at; channel < at + 4; channel += 1) {
                most = Math.max(most, Math.abs(one[channel] - other[channel]));
            }
        }
        return { most, missing };
    };

    const files = [bytes(first), bytes(second)];
    const stills = [await still(files[0]), await still(files[1])];
    const decoders = [await decoder(files[0]), await decoder(files[1])];
    const found = {
        sizes: stills.map(({ size }) => size),
        ...difference(stills[0].pixels, stills[1].pixels),
        frames: decoders.map(({ track }) => track.frameCount),
        loops: decoders.map(({ track }) => String(track.repetitionCount)),
        durations: /** @type {(number | null)[][]} */ ([]),
        undecoded: 0,
    };
    for (let index = 0; index < Math.min(...found.frames); index += 1) {
        const [one, other] = [await frame(decoders[0].opened, index), await frame(decoders[1].opened, index)];
        if (one.pixels && other.pixels) {
            found.durations.push([one.duration, other.duration]);
            found.most = Math.max(found.most, difference(one.pixels, other.pixels).most);
        } else {
            found.undecoded += 1;
        }
    }
    decoders.forEach(({ opened }) => opened.close());
    return found;
}
