# section: certificates
Save 'certutil-remote-desktop.txt' { certutil.exe -store 'Remote Desktop' }
Save 'certutil-my.txt' { certutil.exe -store my }

# section: machinekeys-acl
# Permissions only, of the folder and of the listener's own key; no key is read or copied.
$keys = "$env:ProgramData\Microsoft\Crypto\RSA\MachineKeys"
Save 'icacls-machinekeys.txt' {
    icacls.exe $keys
    icacls.exe "$keys\f686aace6942fb7f7ceb231212eef4a4_*"
}

# section: listener
Save 'netstat.txt' { netstat.exe -ano }
Save 'services.txt' {
    foreach ($service in 'TermService', 'SessionEnv', 'UmRdpService', 'KeyIso', 'Netlogon', 'W32Time') {
        sc.exe queryex $service
        sc.exe qc $service
    }
}

# section: sessions
Save 'qwinsta.txt' { qwinsta.exe /counter }
Save 'quser.txt' { quser.exe }

# section: firewall
Save 'firewall-profiles.txt' { netsh.exe advfirewall show allprofiles; Get-NetConnectionProfile }
Save 'firewall-rules.txt' {
    Get-NetFirewallRule -Group '@FirewallAPI.dll,-28752' -PolicyStore ActiveStore | ForEach-Object {
        $_ | Format-List -Property @('DisplayName', 'Enabled', 'Direction', 'Profile', 'Action', 'PolicyStoreSource')
        $_ | Get-NetFirewallPortFilter | Format-List -Property @('Protocol', 'LocalPort')
        $_ | Get-NetFirewallAddressFilter | Format-List -Property @('RemoteAddress')
    }
}
Copy-Log "$env:windir\System32\LogFiles\Firewall\pfirewall.log" 'pfirewall.log'

# section: logon-rights
Save 'remote-desktop-users.txt' {
    Get-LocalGroupMember -SID 'S-1-5-32-555'
    Get-LocalGroupMember -SID 'S-1-5-32-544'
}
& secedit.exe /export /areas USER_RIGHTS /cfg (Join-Path $side 'user-rights.inf') /log (Join-Path $side 'secedit.log') /quiet 2>&1 | Out-Null

# section: resources
Save 'resources.txt' {
    Get-Counter -Counter @('\Memory\*', '\TCPv4\*') | Select-Object -ExpandProperty CounterSamples | Format-Table -AutoSize -Property @('Path', 'CookedValue')
    Get-Process | Sort-Object HandleCount -Descending |
        Select-Object -First 25 -Property @('Name', 'Id', 'HandleCount', 'PagedMemorySize64', 'NonpagedSystemMemorySize64') | Format-Table -AutoSize
}

# section: upgrade
Copy-Log "$env:windir\Panther\setupact.log" 'setupact.log'

# section: crashes
# Names and times only: a dump holds the memory of the machine.
Save 'dumps.txt' { Get-ChildItem -Path @("$env:windir\Minidump", "$env:windir\MEMORY.DMP") -ErrorAction SilentlyContinue }
