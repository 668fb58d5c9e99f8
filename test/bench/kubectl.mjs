/**
 * What `kubectl get nodes,pods -A -o json` prints of a cluster with flannel: every field that a plain Deployment's pods
 * and their nodes have, indented as kubectl does; some 9 kB a pod. Comes in pieces, as a pipe would.
 */
export function* kubectlJson({ nodes, podsPerNode }) {
  yield '{\n    "apiVersion": "v1",\n    "items": [\n';
  for (let n = 0; n < nodes; n++) yield `${n > 0 ? ",\n" : ""}${indented(node(n))}`;
  for (let n = 0; n < nodes; n++) for (let p = 0; p < podsPerNode; p++) yield `,\n${indented(pod(n, p))}`;
  yield '\n    ],\n    "kind": "List",\n    "metadata": {\n        "resourceVersion": ""\n    }\n}\n';
}

/** The p-th pod of the n-th node, both from 0. */
export function podName(n, p) {
  return `team-${n % 50}/service-${(n * 31 + p) % 997}-5d4f7c9b8d-${String(n * 100 + p).padStart(6, "0")}`;
}

function indented(object) {
  return JSON.stringify(object, undefined, 4).replace(/^/gm, "        ");
}

function share(n) {
  return `10.${64 + (n >> 8)}.${n & 255}`;
}

function address(n) {
  return `172.${16 + (n >> 14)}.${(n >> 6) & 255}.${10 + (n & 63)}`;
}

function name(n) {
  return `node-${String(n + 1).padStart(4, "0")}`;
}

const TIME = "2026-01-02T03:04:05Z";
const LIMITS = {
  cpu: "16",
  "ephemeral-storage": "101430960Ki",
  "hugepages-1Gi": "0",
  "hugepages-2Mi": "0",
  memory: "65843888Ki",
  pods: "110",
};

function node(n) {
  const mac = [0, 8, 16].map((shift) => ((n >> shift) & 255).toString(16).padStart(2, "0")).join(":");
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: {
      annotations: {
        "flannel.alpha.coreos.com/backend-data": `{"VNI":1,"VtepMAC":"02:00:00:${mac}"}`,
        "flannel.alpha.coreos.com/backend-type": "vxlan",
        "flannel.alpha.coreos.com/kube-subnet-manager": "true",
        "flannel.alpha.coreos.com/public-ip": address(n),
        "node.alpha.kubernetes.io/ttl": "300",
      },
      creationTimestamp: TIME,
      labels: { "kubernetes.io/arch": "amd64", "kubernetes.io/hostname": name(n), "kubernetes.io/os": "linux" },
      name: name(n),
      resourceVersion: String(1000 + n),
      uid: uid(n, 0),
    },
    spec: { podCIDR: `${share(n)}.0/24`, podCIDRs: [`${share(n)}.0/24`] },
    status: {
      addresses: [
        { address: address(n), type: "InternalIP" },
        { address: name(n), type: "Hostname" },
      ],
      allocatable: LIMITS,
      capacity: LIMITS,
      conditions: ["MemoryPressure", "DiskPressure", "PIDPressure", "Ready"].map((type) => ({
        lastHeartbeatTime: TIME,
        lastTransitionTime: TIME,
        message: "kubelet has sufficient resources available",
        reason: type === "Ready" ? "KubeletReady" : "KubeletIsFine",
        status: type === "Ready" ? "True" : "False",
        type,
      })),
      daemonEndpoints: { kubeletEndpoint: { Port: 10250 } },
      images: Array.from({ length: 40 }, (_, i) => ({
        names: [`registry.example.com/team/service-${i}@sha256:${"0123456789abcdef".repeat(4)}`],
        sizeBytes: 31337000 + i,
      })),
      nodeInfo: { architecture: "amd64", kernelVersion: "6.1.0", kubeletVersion: "v1.33.0", operatingSystem: "linux" },
    },
  };
}

function pod(n, p) {
  const app = `service-${(n * 31 + p) % 997}`;
  const ip = `${share(n)}.${2 + p}`;
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      annotations: { "prometheus.io/port": "9090", "prometheus.io/scrape": "true" },
      creationTimestamp: TIME,
      generateName: `${app}-5d4f7c9b8d-`,
      labels: { app, "pod-template-hash": "5d4f7c9b8d", tier: "backend" },
      name: podName(n, p).split("/")[1],
      namespace: `team-${n % 50}`,
      ownerReferences: [
        {
          apiVersion: "apps/v1",
          blockOwnerDeletion: true,
          controller: true,
          kind: "ReplicaSet",
          name: `${app}-5d4f7c9b8d`,
          uid: uid(n, 1),
        },
      ],
      resourceVersion: String(100000 + n * 100 + p),
      uid: uid(n, p + 2),
    },
    spec: {
      containers: [container("main")],
      dnsPolicy: "ClusterFirst",
      enableServiceLinks: true,
      nodeName: name(n),
      preemptionPolicy: "PreemptLowerPriority",
      priority: 0,
      restartPolicy: "Always",
      schedulerName: "default-scheduler",
      securityContext: { fsGroup: 1000, runAsNonRoot: true },
      serviceAccount: app,
      serviceAccountName: app,
      terminationGracePeriodSeconds: 30,
      tolerations: ["not-ready", "unreachable"].map((key) => ({
        effect: "NoExecute",
        key: `node.kubernetes.io/${key}`,
        operator: "Exists",
        tolerationSeconds: 300,
      })),
      volumes: [
        { configMap: { defaultMode: 420, name: `${app}-config` }, name: "config" },
        {
          name: "token",
          projected: {
            defaultMode: 420,
            sources: [{ serviceAccountToken: { expirationSeconds: 3607, path: "token" } }],
          },
        },
      ],
    },
    status: {
      conditions: ["PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled"].map(
        (type) => ({ lastProbeTime: null, lastTransitionTime: TIME, status: "True", type }),
      ),
      containerStatuses: ["main"].map((each) => ({
        containerID: `containerd://${"0123456789abcdef".repeat(4)}`,
        image: `registry.example.com/team/${each}:v1.2.3`,
        imageID: `registry.example.com/team/${each}@sha256:${"fedcba9876543210".repeat(4)}`,
        lastState: {},
        name: each,
        ready: true,
        restartCount: 0,
        started: true,
        state: { running: { startedAt: TIME } },
      })),
      hostIP: address(n),
      hostIPs: [{ ip: address(n) }],
      phase: "Running",
      podIP: ip,
      podIPs: [{ ip }],
      qosClass: "Burstable",
      startTime: TIME,
    },
  };
}

function container(name) {
  return {
    args: ["--config=/etc/service/config.yaml", "--log-level=info"],
    env: ["POD_NAME", "POD_NAMESPACE", "POD_IP"].map((key) => ({
      name: key,
      valueFrom: { fieldRef: { apiVersion: "v1", fieldPath: "metadata.name" } },
    })),
    image: `registry.example.com/team/${name}:v1.2.3`,
    imagePullPolicy: "IfNotPresent",
    livenessProbe: {
      failureThreshold: 3,
      httpGet: { path: "/healthz", port: 8080, scheme: "HTTP" },
      periodSeconds: 10,
      successThreshold: 1,
      timeoutSeconds: 1,
    },
    name,
    ports: [{ containerPort: 8080, name: "http", protocol: "TCP" }],
    readinessProbe: {
      failureThreshold: 3,
      httpGet: { path: "/readyz", port: 8080, scheme: "HTTP" },
      periodSeconds: 10,
      successThreshold: 1,
      timeoutSeconds: 1,
    },
    resources: { limits: { memory: "512Mi" }, requests: { cpu: "100m", memory: "256Mi" } },
    terminationMessagePath: "/dev/termination-log",
    terminationMessagePolicy: "File",
    volumeMounts: [{ mountPath: "/etc/service", name: "config", readOnly: true }],
  };
}

function uid(n, p) {
  return `${n.toString(16).padStart(8, "0")}-${p.toString(16).padStart(4, "0")}-4000-8000-000000000000`;
}
