"use strict";
// Panes that show meshes and points. One WebGL canvas draws for all of them, since browsers allow
// but a few at a time; each pane keeps the picture, so that the page prints.
(() => {
  const FARTHEST = 0.1;  // the distance that the byte 255 stands for
  const SCALE = 0.05;    // the distance at the end of the colour scale, if an exhibit has no other
  const COLOURS = ["#2c7bb6", "#abd9e9", "#ffffbf", "#fdae61", "#d7191c"];
  const ELEVATION = 25;  // of all directions but the first, in degrees
  const FIELD = 2 * Math.atan(0.5 / (149.84375 / 137));

  const VERTEX = `#version 300 es
    uniform int kind; uniform mat4 view; uniform mat4 lens; uniform vec3 low; uniform float step_, pixels;
    layout(location = 0) in vec3 position; layout(location = 1) in float distance_;
    layout(location = 2) in vec3 normal; layout(location = 3) in vec3 paint;
    out vec3 seen; out float away; out vec3 facing; out vec3 own;
    void main() {
      vec4 at = view * vec4(low + step_ * position, 1.0);
      if (kind == 2) at.xyz *= 0.996;  // edges lie before their faces
      seen = at.xyz; away = distance_; facing = mat3(view) * normal; own = paint;
      gl_Position = lens * at;
      gl_PointSize = max(1.5, pixels / -at.z);
    }`;
  const FRAGMENT = `#version 300 es
    precision highp float; precision highp int;
    uniform int kind; uniform bool coloured, painted; uniform vec3 plain; uniform vec3 stops[5];
    uniform float reach;
    in vec3 seen; in float away; in vec3 facing; in vec3 own; out vec4 colour;
    vec3 scale(float t) {
      t = clamp(t, 0.0, 1.0) * 4.0; int i = int(min(floor(t), 3.0));
      return mix(stops[i], stops[i + 1], t - float(i));
    }
    void main() {
      if (kind == 2) { colour = vec4(plain, 1.0); return; }
      vec3 n;
      if (kind == 1) {
        if (length(gl_PointCoord - 0.5) > 0.5) discard;
        n = normalize(facing);
      } else n = normalize(cross(dFdx(seen), dFdy(seen)));
      float shade = 1.0;
      if (dot(n, seen) > 0.0) {
        n = -n;
        if (kind == 1) shade = 0.6;  // what shows through gaps is the far side, from within
      }
      float light = 0.38 + 0.5 * max(dot(n, normalize(vec3(-0.45, 0.75, 0.65))), 0.0)
        + 0.16 * max(dot(n, normalize(vec3(0.8, 0.1, 0.5))), 0.0);
      vec3 base = coloured ? scale(away * reach) : painted ? own : plain;
      // A photo's colours hold its light already.
      light = coloured ? 0.35 + 0.68 * light : painted ? 0.72 + 0.32 * light : light;
      colour = vec4(shade * base * light, 1.0);
    }`;

  const shared = document.createElement("canvas");
  const gl = shared.getContext("webgl2", {antialias: true, alpha: true, preserveDrawingBuffer: true});
  const exhibits = JSON.parse(document.getElementById("exhibits").textContent);
  const cards = Array.from(document.querySelectorAll(".exhibit"));
  if (!gl) {
    for (const pane of document.querySelectorAll(".panes canvas")) {
      const note = document.createElement("div");
      note.className = "nothing";
      note.textContent = "This browser has no WebGL 2.";
      pane.replaceWith(note);
    }
    return;
  }

  function compile(kind, source) {
    const shader = gl.createShader(kind);
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS)) throw Error(gl.getShaderInfoLog(shader));
    return shader;
  }
  const program = gl.createProgram();
  gl.attachShader(program, compile(gl.VERTEX_SHADER, VERTEX));
  gl.attachShader(program, compile(gl.FRAGMENT_SHADER, FRAGMENT));
  gl.linkProgram(program);
  gl.useProgram(program);
  const uniform = name => gl.getUniformLocation(program, name);
  const channels = hex => [1, 3, 5].map(i => parseInt(hex.slice(i, i + 2), 16) / 255);
  gl.uniform3fv(uniform("stops"), COLOURS.flatMap(channels));
  gl.enable(gl.DEPTH_TEST);

  const bytes = text => Uint8Array.from(atob(text), c => c.charCodeAt(0));

  function attribute(location, data, type, normalised) {
    gl.bindBuffer(gl.ARRAY_BUFFER, gl.createBuffer());
    gl.bufferData(gl.ARRAY_BUFFER, data, gl.STATIC_DRAW);
    gl.enableVertexAttribArray(location);
    const size = location === 1 ? 1 : 3;
    gl.vertexAttribPointer(location, size, type, normalised, 0, 0);
  }

  // What was packed by encode.py, on the graphics card.
  function upload(packed) {
    const model = {low: packed.low, step: packed.step, array: gl.createVertexArray()};
    gl.bindVertexArray(model.array);
    const positions = new Uint16Array(bytes(packed.positions).buffer);
    model.count = positions.length / 3;
    model.radius = 0;
    for (let p = 0; p < positions.length; p += 3) {
      const place = packed.low.map((low, axis) => low + packed.step * positions[p + axis]);
      model.radius = Math.max(model.radius, Math.hypot(...place));
    }
    attribute(0, positions, gl.UNSIGNED_SHORT, false);
    attribute(1, bytes(packed.distances), gl.UNSIGNED_BYTE, true);
    model.painted = Boolean(packed.colours);
    if (model.painted) attribute(3, bytes(packed.colours), gl.UNSIGNED_BYTE, true);
    if (packed.normals) {
      attribute(2, bytes(packed.normals), gl.BYTE, true);
      return model;
    }
    const raw = bytes(packed.faces).buffer;
    const faces = packed.wide ? new Uint32Array(raw) : new Uint16Array(raw);
    const lines = new Uint32Array(2 * faces.length);
    for (let f = 0; f < faces.length; f += 3) {
      lines.set([faces[f], faces[f + 1], faces[f + 1], faces[f + 2], faces[f + 2], faces[f]], 2 * f);
    }
    model.faces = gl.createBuffer();
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, model.faces);
    gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, faces, gl.STATIC_DRAW);
    model.type = packed.wide ? gl.UNSIGNED_INT : gl.UNSIGNED_SHORT;
    model.corners = faces.length;
    model.lines = gl.createBuffer();
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, model.lines);
    gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, lines, gl.STATIC_DRAW);
    return model;
  }

  // Column by column, as WebGL wants them.
  function look(azimuth, elevation, distance) {
    const [sa, ca, se, ce] = [Math.sin(azimuth), Math.cos(azimuth), Math.sin(elevation), Math.cos(elevation)];
    return [ca, -sa * se, sa * ce, 0, 0, ce, se, 0, -sa, -ca * se, ca * ce, 0, 0, 0, -distance, 1];
  }
  function perspective() {
    const [f, near, far] = [1 / Math.tan(FIELD / 2), 0.05, 20];
    return [f, 0, 0, 0, 0, f, 0, 0, 0, 0, (far + near) / (near - far), -1, 0, 0, 2 * far * near / (near - far), 0];
  }

  const wireframe = document.getElementById("wireframe");
  const colours = document.getElementById("colours");
  const painted = document.getElementById("painted");  // reports have none

  function draw(view, pane) {
    const model = view.models[pane.dataset.model];
    const side = Math.max(64, Math.round(pane.clientWidth * Math.min(devicePixelRatio, 2)));
    if (shared.width !== side) shared.width = shared.height = side;
    if (pane.width !== side) pane.width = pane.height = side;
    gl.viewport(0, 0, side, side);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
    gl.uniformMatrix4fv(uniform("view"), false, look(view.azimuth, view.elevation, view.distance));
    gl.uniformMatrix4fv(uniform("lens"), false, perspective());
    gl.uniform3fv(uniform("low"), model.low);
    gl.uniform1f(uniform("step_"), model.step);
    gl.uniform1f(uniform("pixels"), side * 0.04);
    const boxed = ["truth", "boxed"].includes(pane.dataset.show);
    const coloured = pane.dataset.show === "distance" || (boxed && colours.checked);
    gl.uniform1i(uniform("coloured"), coloured && view.hasPrediction);
    gl.uniform1i(uniform("painted"), model.painted && painted?.checked);
    gl.uniform1f(uniform("reach"), FARTHEST / view.scale);
    gl.uniform3fv(uniform("plain"), channels(pane.dataset.show === "truth" ? "#c9d8c4" : "#d8d3c8"));
    gl.bindVertexArray(model.array);
    if (model.faces) {
      gl.uniform1i(uniform("kind"), 0);
      gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, model.faces);
      gl.drawElements(gl.TRIANGLES, model.corners, model.type, 0);
      if (wireframe.checked) {
        gl.uniform1i(uniform("kind"), 2);
        gl.uniform3fv(uniform("plain"), channels("#30363f"));
        gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, model.lines);
        gl.drawElements(gl.LINES, 2 * model.corners, gl.UNSIGNED_INT, 0);
      }
    } else {
      gl.uniform1i(uniform("kind"), 1);
      gl.drawArrays(gl.POINTS, 0, model.count);
    }
    const context = pane.getContext("2d");
    context.clearRect(0, 0, side, side);
    context.drawImage(shared, 0, 0);
  }

  const waiting = new Set();
  function redraw(views) {
    if (waiting.size === 0) requestAnimationFrame(() => {
      for (const view of waiting) view.panes.forEach(pane => draw(view, pane));
      waiting.clear();
    });
    for (const view of views) waiting.add(view);
  }

  const views = exhibits.map((exhibit, number) => {
    const view = {models: {}, panes: Array.from(cards[number].querySelectorAll("canvas"))};
    for (const name of ["mesh", "points", "truth"]) {
      if (exhibit[name]) view.models[name] = upload(exhibit[name]);
    }
    view.scale = exhibit.scale ?? SCALE;
    view.hasPrediction = Boolean(exhibit.mesh || exhibit.points);
    view.from = turn => {
      const [azimuth, elevation] = exhibit.eye;
      view.azimuth = (azimuth + turn) * Math.PI / 180;
      view.elevation = (turn ? ELEVATION : elevation) * Math.PI / 180;
    };
    view.reset = () => {
      view.from(0);
      // All that is shown fits into a pane, from every side.
      const radii = Object.values(view.models).map(model => model.radius);
      view.distance = 1.03 * Math.max(...radii) / Math.sin(FIELD / 2);
    };
    view.reset();
    view.panes.forEach(pane => listen(view, pane));
    return view;
  });

  function turn(view, right, up) {
    view.azimuth -= right;
    view.elevation = Math.max(-1.55, Math.min(1.55, view.elevation + up));
    redraw([view]);
  }
  function zoom(view, factor) {
    view.distance = Math.max(0.6, Math.min(8, view.distance * factor));
    redraw([view]);
  }

  function listen(view, pane) {
    const pointers = new Map();
    const spread = () => {
      const [a, b] = pointers.values();
      return Math.hypot(a.x - b.x, a.y - b.y);
    };
    pane.addEventListener("pointerdown", event => {
      pane.setPointerCapture(event.pointerId);
      pointers.set(event.pointerId, {x: event.clientX, y: event.clientY});
    });
    pane.addEventListener("pointermove", event => {
      const last = pointers.get(event.pointerId);
      if (!last) return;
      const before = pointers.size === 2 ? spread() : 0;
      const [dx, dy] = [event.clientX - last.x, event.clientY - last.y];
      pointers.set(event.pointerId, {x: event.clientX, y: event.clientY});
      if (pointers.size === 2) zoom(view, before / Math.max(spread(), 1));
      else turn(view, dx * 0.01, dy * 0.01);
    });
    for (const end of ["pointerup", "pointercancel"]) {
      pane.addEventListener(end, event => pointers.delete(event.pointerId));
    }
    // The wheel belongs to the page until the pane has been clicked.
    pane.addEventListener("wheel", event => {
      if (document.activeElement !== pane && !event.ctrlKey) return;
      event.preventDefault();
      zoom(view, Math.exp(event.deltaY * 0.001));
    }, {passive: false});
    pane.addEventListener("keydown", event => {
      const turns = {ArrowLeft: [-0.1, 0], ArrowRight: [0.1, 0], ArrowUp: [0, 0.1], ArrowDown: [0, -0.1]};
      if (turns[event.key]) turn(view, ...turns[event.key]);
      else if (event.key === "+") zoom(view, 0.9);
      else if (event.key === "-") zoom(view, 1 / 0.9);
      else return;
      event.preventDefault();
    });
    pane.addEventListener("dblclick", () => { view.reset(); redraw([view]); });
  }

  document.querySelector(".scale i").style.background = `linear-gradient(90deg, ${COLOURS.join(",")})`;
  document.getElementById("reset").addEventListener("click", () => {
    views.forEach(view => view.reset());
    redraw(views);
  });
  for (const button of document.querySelectorAll("[data-turn]")) {
    button.addEventListener("click", () => {
      views.forEach(view => view.from(Number(button.dataset.turn)));
      redraw(views);
    });
  }
  for (const box of [wireframe, colours, painted]) {
    box?.addEventListener("change", () => redraw(views));
  }
  addEventListener("resize", () => redraw(views));
  redraw(views);
})();
