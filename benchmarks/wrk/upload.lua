-- Sends a JPEG (PICTURE) again and again, each time another one: a counter stands in the density fields of its
-- JFIF header (bytes 14 to 17). By PUT to names of their own, or as a form.
require "report"

local file = assert(io.open(os.getenv("PICTURE"), "rb"))
local picture = file:read("*a")
file:close()
local before, after = picture:sub(1, 14), picture:sub(19)
local put = os.getenv("PUT")
local counter = tonumber(os.getenv("FIRST") or "0")

function request()
  counter = counter + 1
  local density = string.char(
    math.floor(counter / 16777216) % 256, math.floor(counter / 65536) % 256, math.floor(counter / 256) % 256, counter % 256)
  if put then
    return wrk.format("PUT", "/" .. counter .. ".jpg", nil, before .. density .. after)
  end
  -- As browsers do it, each form has a boundary of its own.
  local boundary = "----imagehostbenchmark" .. counter
  local head = "--" .. boundary .. '\r\nContent-Disposition: form-data; name="file"; filename="photo.jpg"\r\n'
    .. "Content-Type: image/jpeg\r\n\r\n"
  return wrk.format("POST", "/upload", { ["Content-Type"] = "multipart/form-data; boundary=" .. boundary },
    head .. before .. density .. after .. "\r\n--" .. boundary .. "--\r\n")
end
