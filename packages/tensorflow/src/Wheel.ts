/** The pinned TensorFlow builds: Python wheels, of which only the shared libraries are used. */

export const version = "2.21.0"

export interface Wheel {
  /** `linux-x64`, as Node names platform and architecture. */
  readonly platform: string
  /** The Python package that carries the libraries. */
  readonly package: string
  /** pip's platform tag, for `--platform`. */
  readonly pipPlatform: string
  readonly sizeBytes: number | undefined
  /** SHA-256 of the wheel file. */
  readonly sha256: string | undefined
  /** Path inside the wheel → size unpacked, or undefined where it is not pinned. */
  readonly libraries: ReadonlyArray<string>
  /** The one that is loaded; it finds the others beside itself. */
  readonly main: string
}

export const wheels: ReadonlyArray<Wheel> = [
  {
    platform: "linux-x64",
    package: "tensorflow-cpu",
    pipPlatform: "manylinux_2_27_x86_64",
    sizeBytes: 274_271_560,
    sha256: "05af7c26d35f4de910b5598c7b507e3981831a7b0f47fed9a405d995d51d7793",
    libraries: ["tensorflow/libtensorflow_framework.so.2", "tensorflow/libtensorflow_cc.so.2"],
    main: "libtensorflow_cc.so.2",
  },
  {
    platform: "linux-arm64",
    package: "tensorflow",
    pipPlatform: "manylinux_2_27_aarch64",
    sizeBytes: undefined,
    sha256: undefined,
    libraries: ["tensorflow/libtensorflow_framework.so.2", "tensorflow/libtensorflow_cc.so.2"],
    main: "libtensorflow_cc.so.2",
  },
  {
    platform: "darwin-arm64",
    package: "tensorflow",
    pipPlatform: "macosx_12_0_arm64",
    sizeBytes: undefined,
    sha256: undefined,
    libraries: ["tensorflow/libtensorflow_framework.2.dylib", "tensorflow/libtensorflow_cc.2.dylib"],
    main: "libtensorflow_cc.2.dylib",
  },
]

/** The wheel of a platform, `${process.platform}-${process.arch}`. */
export const of = (platform: string): Wheel | undefined => wheels.find((wheel) => wheel.platform === platform)
