// What three.js's loaders make of mesh files: one line of JSON for each, for readers.py.
//
// Usage: node readers.mjs NODE_MODULES FILE...
import fs from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'

// The loaders expect a browser. Files are read from disk, and pictures are not looked at.
globalThis.self = globalThis
globalThis.document = {
  createElementNS: () => ({
    addEventListener(type, listener) {
      if (type === 'load') setTimeout(listener.bind(this))
    },
    removeEventListener() {},
  }),
}
const fetched = globalThis.fetch
globalThis.fetch = async (request) => {
  const url = new URL(request.url ?? request)
  return url.protocol === 'file:' ? new Response(fs.readFileSync(url)) : fetched(request)
}
globalThis.ProgressEvent ??= class extends Event {}
console.error = console.warn = console.log = () => {}

const [modules, ...files] = process.argv.slice(2)
const load = (file) => import(pathToFileURL(path.join(modules, 'three', file)))
const three = await load('build/three.module.js')
const [{ GLTFLoader }, { OBJLoader }, { PLYLoader }, { STLLoader }] = await Promise.all(
  ['GLTF', 'OBJ', 'PLY', 'STL'].map((kind) => load(`examples/jsm/loaders/${kind}Loader.js`)),
)

const buffer = (data) => data.buffer.slice(data.byteOffset, data.byteOffset + data.length)

async function parse(file) {
  const data = fs.readFileSync(file)
  switch (path.extname(file).toLowerCase()) {
    case '.glb':
    case '.gltf': {
      const folder = pathToFileURL(path.dirname(path.resolve(file))).href + '/'
      const parsed = await new GLTFLoader().parseAsync(buffer(data), folder)
      return parsed.scene ?? new three.Group()
    }
    case '.obj':
      return new OBJLoader().parse(data.toString())
    case '.ply':
      return new three.Mesh(new PLYLoader().parse(buffer(data)))
    case '.stl':
      return new three.Mesh(new STLLoader().parse(buffer(data)))
  }
  throw new Error('no loader')
}

function* matricesOf(mesh) {
  if (!mesh.isInstancedMesh) return yield mesh.matrixWorld
  for (let i = 0; i < mesh.count; i++) {
    const matrix = new three.Matrix4()
    mesh.getMatrixAt(i, matrix)
    yield matrix.premultiply(mesh.matrixWorld)
  }
}

function measure(object) {
  object.updateMatrixWorld(true)
  const facts = { faces: 0, area: 0, lower: [Infinity, Infinity, Infinity], upper: [-Infinity, -Infinity, -Infinity] }
  const corners = [new three.Vector3(), new three.Vector3(), new three.Vector3()]
  const [side, other] = [new three.Vector3(), new three.Vector3()]
  object.traverse((mesh) => {
    if (!mesh.isMesh) return
    const index = mesh.geometry.index
    const count = (index ?? mesh.geometry.attributes.position)?.count ?? 0
    for (const matrix of matricesOf(mesh)) {
      for (let i = 0; i + 2 < count; i += 3) {
        corners.forEach((corner, k) => {
          mesh.getVertexPosition(index ? index.getX(i + k) : i + k, corner).applyMatrix4(matrix)
          corner.toArray().forEach((value, axis) => {
            facts.lower[axis] = Math.min(facts.lower[axis], value)
            facts.upper[axis] = Math.max(facts.upper[axis], value)
          })
        })
        side.subVectors(corners[1], corners[0])
        facts.area += side.cross(other.subVectors(corners[2], corners[0])).length() / 2
        facts.faces++
      }
    }
  })
  return facts
}

for (const file of files) {
  let facts
  try {
    facts = measure(await parse(file))
  } catch (error) {
    facts = { error: String(error.message ?? error).split('\n')[0] }
  }
  process.stdout.write(JSON.stringify({ file, ...facts }) + '\n')
}
