/**
 * The pinned TensorFlow builds: Python wheels, of which only the shared libraries are used.
 *
 * Digests are those that the package registry states for TensorFlow 2.21.0.
 */

export const version = "2.21.0"

/** Wheels carry the version of Python in their name; the libraries inside need none. */
export const pythonVersion = "3.13"

export interface Wheel {
  /** `linux-x64`, as Node names platform and architecture. */
  readonly platform: string
  /** The Python package that carries the libraries. */
  readonly package: string
  /** pip's platform tag. */
  readonly pipPlatform: string
  /** Undefined where only the digest is known. */
  readonly sizeBytes: number | undefined
  /** SHA-256 of the wheel file. */
  readonly sha256: string
  /** Paths inside the wheel. */
  readonly libraries: ReadonlyArray<string>
  /** The one that is loaded; it finds the others beside itself. */
  readonly main: string
}

const linuxLibraries = ["tensorflow/libtensorflow_framework.so.2", "tensorflow/libtensorflow_cc.so.2"]

export const wheels: ReadonlyArray<Wheel> = [
  {
    platform: "linux-x64",
    package: "tensorflow-cpu",
    pipPlatform: "manylinux_2_27_x86_64",
    sizeBytes: 274_271_560,
    sha256: "05af7c26d35f4de910b5598c7b507e3981831a7b0f47fed9a405d995d51d7793",
    libraries: linuxLibraries,
    main: "libtensorflow_cc.so.2",
  },
  {
    platform: "linux-arm64",
    package: "tensorflow",
    pipPlatform: "manylinux_2_27_aarch64",
    sizeBytes: undefined,
    sha256: "a10abdfb8b1189210c251021a3f153b7ccc52a8e6521351f3dc3331e8ba593e0",
    libraries: linuxLibraries,
    main: "libtensorflow_cc.so.2",
  },
  {
    platform: "darwin-arm64",
    package: "tensorflow",
    pipPlatform: "macosx_12_0_arm64",
    sizeBytes: undefined,
    sha256: "a145ed46c58192b7c3f9916d070caf4f6afc6dc7e5511f83dd97677f4c4947f4",
    libraries: ["tensorflow/libtensorflow_framework.2.dylib", "tensorflow/libtensorflow_cc.2.dylib"],
    main: "libtensorflow_cc.2.dylib",
  },
]

/** The wheel of a platform, `${process.platform}-${process.arch}`. */
export const of = (platform: string): Wheel | undefined => wheels.find((wheel) => wheel.platform === platform)

/** The command that puts TensorFlow with NVIDIA's libraries where `Library.locate` finds it. */
export const cudaCommand = (folder: string): string =>
  `python3 -m pip install --target ${folder} "tensorflow[and-cuda]==${version}"`
